"""Whose a pod is that has the name of an instance's pod (contract rule 14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controller.api import labels
from controller.api.ids import Ids
from controller.api.job import KIND
from controller.api.meta import ObjectMeta
from controller.core.pods.facts import View


@dataclass(frozen=True)
class NameConflict:
    """The name of an instance's pod is held by a pod of someone else.

    ``revision`` is the revision that the instance should run. ``who`` says in words who holds the
    name. At ``until`` (epoch seconds) the pod is read again.
    """

    name: str
    revision: str
    who: str
    until: float


def is_of(pod: ObjectMeta, uid: str, job: str) -> bool:
    """Whether a pod with the name of an instance's pod is one for the Job ``job`` with this uid.

    The Job's own pods are. Of pods with the Job's label also those without a controller, which the
    Job adopts, and those of a former Job of the same name, which it waits for.
    """
    owner = pod.controller
    if owner is not None and owner.uid == uid:
        return True
    labelled = pod.labels.get(labels.JOB) == job
    return labelled and (owner is None or (owner.kind, owner.name) == (KIND, job))


def conflict(pod: ObjectMeta, job: str, revision: str, until: float) -> NameConflict:
    """The name conflict with a pod that is not for the Job. ``revision``: that of our instance."""
    handed_over = f"kubectl label pod {pod.name} {labels.JOB}={job}"
    if revision:
        handed_over += f" {labels.REVISION}={revision.removeprefix(f'{job}-')}"
    owner = pod.controller
    who = f"{owner.kind} {owner.name}" if owner else ""
    return NameConflict(pod.name, revision, _holder(pod.name, who, handed_over), until)


def name_conflicts(conflicts: Mapping[int, NameConflict], view: View, slots: Ids) -> dict[int, str]:
    """Instance -> who holds the name of its pod, in words.

    The holder may carry the Job's label as well. A conflict in the slot where the instance does not
    live counts only if the instance has a pod, because only a surge needs that slot. ``slots``: ids
    of the instances that live in slot ``-s``.
    """
    holders = dict[int, str]()
    for i, found in conflicts.items():
        own = found.name.endswith("-s") == (i in slots)
        if own or i in view.present:
            holders[i] = found.who
    for slot in (view, view.twin):
        for i in slot.foreign:
            if (pod := slot.pod(i)).foreign_controller:
                holders[i] = _holder(pod.name, pod.foreign_controller, "")
    return holders


def _holder(name: str, who: str, label: str) -> str:
    whose = f"belongs to {who}" if who else "nobody owns"
    ways = [f"delete {who} with --cascade=orphan"] if who else []
    ways += [label] if label else []
    return f"the name {name} is held by a pod that {whose}; delete it, or hand it over: " + (
        ", then ".join(ways)
    )
