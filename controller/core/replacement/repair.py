"""Repair of the Job's pods that lack their owner or a label, by one request each (rule 14).

The operator may have been killed after it announced a resize on a pod and before it made the resize
(`Resizing`). The labels of such a pod name a revision that it is not at. The repair takes the
announcement back, unless the active Update makes the same resize again. If the operator was killed
after the resize and before it changed the labels and annotations of the template, the repair
changes them.

The pod that took a marked pod's place (`moves`) bears the mark of the move until that pod is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod
from controller.core.model.context import Context
from controller.core.model.plan import RepairPod
from controller.core.pods.facts import View


def repairs(context: Context, resized: Ids = NONE) -> Iterator[RepairPod]:
    """The repairs that are needed and not under way yet. ``resized``: ids whose announced resize
    the active Update makes again."""
    for pod, adopt, repairing in _incomplete(context):
        undo = bool(pod.changing_to) and not adopt
        if repairing or (undo and pod.instance in resized):
            continue
        surplus = adopt and pod.instance not in context.intended | context.every_id
        label = pod.revision if undo else pod.changing_to or pod.revision
        finish = pod.unfinished and not adopt
        slot = (pod.instance, pod.surge)
        yield RepairPod(*slot, pod.name, pod.uid, label, adopt, surplus, undo, finish=finish)
    yield from relabels(context)
    for i in moved(context):
        pod = context.view.pod(i)
        yield RepairPod(i, pod.surge, pod.name, pod.uid, pod.revision, moved=True)


def relabels(context: Context) -> Iterator[RepairPod]:
    """Pods that would be the same at their assigned revision get its labels."""
    view = context.view
    busy = view.unlabelled | view.changing | view.repairing | view.change_pending
    for revision, ids in context.mislabelled.items():
        for i in ids - busy:
            pod = view.pod(i)
            if pod.uid:
                slot = (i, pod.surge)
                yield RepairPod(*slot, pod.name, pod.uid, revision, relabel=True)


def moved(context: Context) -> Ids:
    """Ids whose pod replaced a marked one (`moves`) that is gone: its own mark goes as well, so
    that it can be asked to leave its node in its turn."""
    view = context.view
    over = view.successor & view.alive - view.unlabelled - view.changing - view.repairing
    return Ids(i for i in over if not _exists(view, i))


def _exists(view: View, instance: int) -> bool:
    """Whether the pod that this instance's pod replaces still exists."""
    move = view.pod(instance).move
    there = instance in view.twin.present
    return move is not None and there and view.twin.pod(instance).uid == move.successor_of


def is_incomplete(context: Context) -> bool:
    """Whether a pod of the Job lacks its owner or a label, even if its repair is under way."""
    return any(True for _ in _incomplete(context))


def _incomplete(context: Context) -> Iterator[tuple[Pod, bool, bool]]:
    """Pods that lack their owner or a label; whether it is the owner; whether a repair is under
    way."""
    for view in (context.view, context.view.twin):
        for i in view.orphan | (view.unlabelled - view.terminating - view.changing):
            pod = view.pod(i)
            if pod.deleted is None:
                yield pod, i in view.orphan, i in view.repairing
