"""Pods of ours that lack an owner or a label get it back, by one request each (rule 14)."""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.pods.pod import Pod
from controller.core.model.context import Context
from controller.core.model.plan import RepairPod


def repairs(context: Context) -> Iterator[RepairPod]:
    """What is to be repaired and is not being repaired already."""
    for pod, adopt, under_way in _incomplete(context):
        if not under_way:
            surplus = adopt and pod.instance not in context.intended | context.every_id
            slot = (pod.instance, pod.surge)
            yield RepairPod(*slot, pod.name, pod.uid, pod.revision, adopt, surplus)


def is_incomplete(context: Context) -> bool:
    """Whether a pod of ours lacks something, be it that it gets it now."""
    return any(True for _ in _incomplete(context))


def _incomplete(context: Context) -> Iterator[tuple[Pod, bool, bool]]:
    """Pods, whether they lack their owner, and whether they are being repaired."""
    for view in (context.view, context.view.twin):
        for i in view.orphan | (view.unlabelled - view.terminating):
            pod = view.pod(i)
            if pod.deleted is None:
                yield pod, i in view.orphan, i in view.repairing
