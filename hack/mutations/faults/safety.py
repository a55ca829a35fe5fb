"""Faults in what keeps a fault of the cluster, or of the operator, from deleting pods."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_BRAKE: Final = "tests/unit/core/replacement/test_safety.py"
_NODES: Final = "tests/unit/core/rollout/test_lost_nodes.py"
_ABSENCE: Final = "tests/unit/kube/test_absence.py"

FAULTS: Final = (
    Fault(
        file="controller/core/replacement/safety.py",
        old="return self._count > self._brake.limit",
        new="return False",
        breaks="However many deletions nothing explains, none stops.",
        tests=(_BRAKE,),
    ),
    Fault(
        file="controller/core/replacement/safety.py",
        old="return self.asked if self.asked <= recorded and not self._excess else NONE",
        new="return self.asked if not self._excess else NONE",
        breaks="A pod is deleted before its disruption is stored, so that a restart forgets it.",
        tests=(_BRAKE,),
    ),
    Fault(
        file="controller/core/replacement/safety.py",
        old="if context.job.metadata.annotations.get(SAFETY_RELEASE) == token:",
        new="if False:",
        breaks="The annotation that ended the last stop ends the next one, too.",
        tests=(_BRAKE,),
    ),
    Fault(
        file="controller/core/replacement/disruption.py",
        old="return ids - context.view.alive, NODES_LOST",
        new="return ids, NODES_LOST",
        breaks="An Update deletes pods while no node of the cluster is Ready.",
        tests=(_NODES,),
    ),
    Fault(
        file="controller/kube/absence.py",
        old="error.prove()",
        new="pass",
        breaks="A 404 of a proxy counts as the end of an object.",
        tests=(_ABSENCE,),
    ),
    Fault(
        file="controller/kube/reflector.py",
        old="async for part in gone(self._client, self._resource, missing, label, unseen):",
        new="for part in [set(missing)]:",
        breaks="An object that a list lacks counts as gone.",
        tests=(_ABSENCE,),
    ),
    Fault(
        file="controller/kube/reflector.py",
        old="elif not self._is_stale(item):",
        new="else:",
        breaks="The end of a predecessor, told by an old cache, ends its successor.",
        tests=(_ABSENCE,),
    ),
    Fault(
        file="controller/reconcile/existence.py",
        old="return existence.in_doubt and _makes(found)",
        new="return False",
        breaks="Pods that the garbage collector took are made again for a Job that is gone.",
        tests=("tests/unit/reconcile/test_existence.py",),
    ),
    Fault(
        file="controller/reconcile/existence.py",
        old="        return not observed.job_live\n",
        new="        return False\n",
        breaks="A revision that the garbage collector took is made again for a Job that is gone.",
        tests=("tests/unit/reconcile/test_existence.py",),
    ),
    Fault(
        file="controller/reconcile/store.py",
        old="        if not ours:\n            entry.existence.doubt()\n",
        new="",
        breaks="The end of what a Job owned is no reason to ask whether the Job is still there.",
        tests=("tests/unit/reconcile/test_existence.py",),
    ),
)
