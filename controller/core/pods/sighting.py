"""When something happened to a pod: the moment at which the operator observed it (contract rule 6).

The clock of a node may be wrong by minutes, and the kubelet uses it to stamp when a pod became
Ready and when a container ended. So a stamp is replaced:

    the operator observed the change        -> by the moment of observation, whatever the stamp says
    the change was there when the operator  -> by the stamp, but at the earliest the pod's creation
    first observed the pod (after its own      and at the latest the moment of observation
    restart)
"""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from controller.api.pods.pod import Pod, stamps_of


def as_observed(pod: Pod, known: Pod | None, now: float) -> Pod:
    """``pod`` with the kubelet's stamps replaced by the moments that count.

    ``known``: the version before, as this function returned it; None if there is none. ``now``:
    epoch seconds at which the operator observed ``pod``.
    """
    if known is not None and known.uid != pod.uid:
        known = None
    stamps = pod.stamps or _moments(pod)
    before = known.stamps if known is not None else ()
    # A pod that became Ready and not Ready within one second has the same stamp for both.
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
    if pod.stamps and pod.stamps == tuple(moments):
        return pod  # The usual case: what the pod says is what counts.
    trouble = replace(pod.trouble, at=moments[2] or None) if pod.trouble else None
    return structs.replace(
        pod,
        ready_since=moments[0],
        restarted=moments[1],
        trouble=trouble,
        taken_at=moments[3],
        stamps=stamps,
    )


def _moments(pod: Pod | None) -> tuple[float, ...]:
    if pod is None:
        return stamps_of(0.0, 0.0, None, 0.0)
    return stamps_of(pod.ready_since, pod.restarted, pod.trouble, pod.taken_at)
