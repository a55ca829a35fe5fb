"""Faults in what is done to nodes and to the pods on them."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_DECIDE: Final = "tests/unit/core/maintenance/test_decide.py"
_OTHERS: Final = "tests/unit/core/maintenance/test_other_pods.py"
_APPLY: Final = "tests/unit/maintenance/test_apply.py"
_WORKER: Final = "tests/unit/maintenance/test_worker.py"
_LEADING: Final = "tests/unit/maintenance/test_leading.py"
_FEEDS: Final = "tests/unit/maintenance/test_feeds.py"

FAULTS: Final = (
    Fault(
        file="controller/core/maintenance/claims.py",
        old="            living = observed.live.get(name, uid)\n",
        new="            living = observed.live.get(name)\n",
        breaks="Marks are taken back because a Maintenance is not known, without a live read.",
        tests=(_WORKER,),
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
        old="before = node.cordoned_before if known else node.unschedulable",
        new="before = False",
        breaks="The cordon of somebody else is lifted at the end.",
        tests=(_DECIDE,),
    ),
    Fault(
        file="controller/core/maintenance/nodes.py",
        old="    elif is_released and not waits:\n",
        new="    elif is_released:\n",
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
    Fault(
        file="controller/maintenance/apply.py",
        old="        self._again.append(until)\n        self._store.refuse",
        new="        self._store.refuse",
        breaks="A refused eviction is tried again only when something else happens.",
        tests=(_WORKER,),
    ),
    Fault(
        file="controller/core/maintenance/acts.py",
        old="    if not observed.may_evict:\n        return\n",
        new="",
        breaks="Others' pods are evicted where the operator was not told that it may.",
        tests=(_OTHERS,),
    ),
    Fault(
        file="controller/maintenance/leading.py",
        old="        if self._is_over(term):\n            return\n",
        new="",
        breaks="Work begins although the Lease was lost while everything was listed.",
        tests=(_LEADING,),
    ),
    Fault(
        file="controller/maintenance/worker.py",
        old="            error.prove()\n            return None\n",
        new="            return None\n",
        breaks="Marks are taken back because a path is not served.",
        tests=(_WORKER,),
    ),
    Fault(
        file="controller/maintenance/store.py",
        old="        return {name: node.uid for name, node in self.nodes.items()}\n",
        new="        return {}\n",
        breaks="A node that only an answer told of stays known when it is gone.",
        tests=(_FEEDS,),
    ),
)
