"""When something happened to a pod: what counts is when the operator saw it (contract rule 6).

The clock of a node may be wrong by minutes, and a kubelet stamps by it when a pod became Ready and
when a container ended. So:

    seen to happen                    -> the moment of that sight, whatever the stamp says
    there when the pod is first seen  -> the stamp, no earlier than the pod's creation and no later
                                         than that sight (after a restart of the operator)
"""

from __future__ import annotations

from dataclasses import replace

from controller.api.pods.pod import Pod


def as_seen(pod: Pod, known: Pod | None, now: float) -> Pod:
    """``pod``, as it came, with the moments that count; ``known``: the version before, as this
    function gave it; ``now``: epoch seconds of the sight."""
    if known is not None and known.uid != pod.uid:
        known = None
    stamps = _moments(pod)
    before = known.stamps if known is not None else ()
    # Ready and not Ready within one second have one stamp.
    turned = known is not None and known.ready != pod.ready
    moments = list[float]()
    for number, (stamp, was) in enumerate(zip(stamps, _moments(known), strict=True)):
        if not stamp:
            moments.append(0.0)
        elif not before:
            moments.append(min(max(stamp, pod.created), max(now, pod.created)))
        elif stamp == before[number] and not (turned and number == 0):
            moments.append(was)
        else:
            moments.append(now)
    trouble = replace(pod.trouble, at=moments[2] or None) if pod.trouble else None
    return replace(
        pod,
        ready_since=moments[0],
        restarted=moments[1],
        trouble=trouble,
        taken_at=moments[3],
        stamps=stamps,
    )


def _moments(pod: Pod | None) -> tuple[float, float, float, float]:
    if pod is None:
        return 0.0, 0.0, 0.0, 0.0
    ended = pod.trouble.at if pod.trouble and pod.trouble.at else 0.0
    return pod.ready_since, pod.restarted, ended, pod.taken_at
