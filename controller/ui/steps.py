"""How a pod came to be Ready: Pending, Scheduled, Starting, Ready, and how long each took."""

from __future__ import annotations

from dataclasses import dataclass

from controller.api.pods.pod import Pod


@dataclass(frozen=True, slots=True)
class Step:
    """``seconds``: how long it took; None if the pod is in this step now, since ``since`` (epoch
    seconds)."""

    word: str
    since: float
    seconds: float | None


def steps(pod: Pod) -> list[Step]:
    """The steps that the pod has begun, in their order. The times are those of the API server, the
    scheduler and the kubelet, in whole seconds."""
    ready = pod.ready_since if pod.ready else 0.0
    ended = pod.trouble.at if pod.ended and pod.trouble else None
    moments = [
        ("Pending", pod.created),
        # The condition has a time, too, when the scheduler found no node.
        ("Scheduled", pod.bound if pod.node else 0.0),
        ("Starting", pod.taken_at),
        ("Ready", ready),
        ("Ended", (ended or pod.taken_at) if pod.ended else 0.0),
        ("Stopping", _asked(pod)),
    ]
    begun = [(word, at) for word, at in moments if at]
    found = []
    for i, (word, at) in enumerate(begun):
        is_last = i == len(begun) - 1
        found.append(Step(word, at, None if is_last else max(0.0, begun[i + 1][1] - at)))
    return found


def _asked(pod: Pod) -> float:
    """When the pod was asked to stop; 0 if it was not."""
    return pod.deleted - (pod.grace or 0) if pod.deleted is not None else 0.0
