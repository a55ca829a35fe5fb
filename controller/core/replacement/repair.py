"""Repair of the Job's pods that lack their owner or a label, by one request each (rule 14)."""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.pods.pod import Pod
from controller.core.model.context import Context
from controller.core.model.plan import RepairPod


def repairs(context: Context) -> Iterator[RepairPod]:
    """The repairs that are needed and not under way yet."""
    for pod, adopt, repairing in _incomplete(context):
        if not repairing:
            surplus = adopt and pod.instance not in context.intended | context.every_id
            slot = (pod.instance, pod.surge)
            yield RepairPod(*slot, pod.name, pod.uid, pod.revision, adopt, surplus)


def is_incomplete(context: Context) -> bool:
    """Whether a pod of the Job lacks its owner or a label, even if its repair is under way."""
    return any(True for _ in _incomplete(context))


def _incomplete(context: Context) -> Iterator[tuple[Pod, bool, bool]]:
    """Pods that lack their owner or a label; whether it is the owner; whether a repair is under
    way."""
    for view in (context.view, context.view.twin):
        for i in view.orphan | (view.unlabelled - view.terminating):
            pod = view.pod(i)
            if pod.deleted is None:
                yield pod, i in view.orphan, i in view.repairing
