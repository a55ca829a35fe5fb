"""Faults in what is done to nodes and to the pods on them."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_DECIDE: Final = "tests/unit/core/maintenance/test_decide.py"
_OTHERS: Final = "tests/unit/core/maintenance/test_other_pods.py"
_APPLY: Final = "tests/unit/maintenance/test_apply.py"

FAULTS: Final = (
    Fault(
        file="controller/core/maintenance/claims.py",
        old="        if name not in observed.live:\n            return name\n",
        new="        if name not in observed.live:\n            continue\n",
        breaks="Marks are taken back because a Maintenance is not known, without a live read.",
        tests=(_DECIDE,),
    ),
    Fault(
        file="controller/core/maintenance/acts.py",
        old="if holder is not None and node.unschedulable:",
        new="if holder is not None:",
        breaks="Instances are moved from a node that is not cordoned, and may come back to it.",
        tests=(_DECIDE,),
    ),
    Fault(
        file="controller/core/maintenance/nodes.py",
        old="before = node.cordoned_before if node.mark else node.unschedulable",
        new="before = False",
        breaks="The cordon of somebody else is lifted at the end.",
        tests=(_DECIDE,),
    ),
    Fault(
        file="controller/core/maintenance/nodes.py",
        old="elif is_to_be_released(claims, turns, node) and _is_unmarked(observed, node):",
        new="elif is_to_be_released(claims, turns, node):",
        breaks="The mark of a node goes before those of its pods, which then nobody takes back.",
        tests=(_DECIDE,),
    ),
    Fault(
        file="controller/core/maintenance/turns.py",
        old="room = max(0, most(spec, named) - len(busy) - len(taken_over))",
        new="room = most(spec, named)",
        breaks="More nodes are drained at the same time than the Maintenance allows.",
        tests=(_DECIDE,),
    ),
    Fault(
        file="controller/core/maintenance/pods.py",
        old="elif pod.empty_dir and not spec.delete_empty_dir_data:",
        new="elif False:",
        breaks="The data of emptyDir volumes are deleted without being asked for.",
        tests=(_OTHERS,),
    ),
    Fault(
        file="controller/maintenance/apply.py",
        old="            await self._post_eviction(pod, dry_run=True)\n",
        new="",
        breaks="An eviction that fails uses up a unit of a budget.",
        tests=(_APPLY,),
    ),
)
