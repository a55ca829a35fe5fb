"""The two pages on troubleshooting name every word by which the operator says how things are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from controller.api.update import Phase
from controller.core.model import conditions

ROOT = Path(__file__).resolve().parents[2]
PAGES = "".join(
    (ROOT / "docs" / f"{name}.md").read_text()
    for name in ("troubleshooting", "troubleshooting-updates")
)
#: Where reasons and Events come from.
FOLDERS: Final = ("controller/core", "controller/reconcile")
#: Generated from the kinds of Kubernetes.
GENERATED: Final = ROOT / "controller/core/overlays/merge_keys.py"
#: Words of the same form that no user reads as a reason.
OTHERS: Final = frozenset(
    {
        # Kinds, types of Events, values of fields.
        "Active",
        "All",
        "Always",
        "AlwaysAllow",
        "BestEffort",
        "Bound",
        "Burstable",
        "Background",
        "CheckTemplate",
        "ControllerRevision",
        "CronJob",
        "DaemonSet",
        "DoNotSchedule",
        "DoesNotExist",
        "Eviction",
        "Exists",
        "False",
        "Forbid",
        "Foreground",
        "Guaranteed",
        "Ignore",
        "In",
        "Lost",
        "Namespace",
        "Indexed",
        "Item",
        "Job",
        "Never",
        "None",
        "Normal",
        "NotFound",
        "NotIn",
        "NotRequired",
        "PersistentVolumeClaim",
        "Pod",
        "PodDisruptionBudget",
        "PreferNoSchedule",
        "Succeeded",
        "True",
        "Update",
        "Warning",
        # What nodes and the scheduler say of pods: some of it is a matter of the cluster.
        "ContainersNotInitialized",
        "ContainersNotReady",
        "DeletionByTaintManager",
        "DisruptionTarget",
        "Evicted",
        "NodeAffinity",
        "NodeLost",
        "NodeNotReady",
        "NodeShutdown",
        "OutOfcpu",
        "OutOfmemory",
        "OutOfpods",
        "PodCompleted",
        "Preempting",
        "PreemptionByScheduler",
        "SchedulerError",
        "SchedulingGated",
        "Terminated",
        "TerminationByKubelet",
        # Answers of gates and coordinators, internal kinds of changes and of errors, beginnings of
        # names.
        "Allow",
        "ApiError",
        "Conflict",
        "Deny",
        "Fail",
        "Gate",
        "Images",
        "Metadata",
        "Inconclusive",
        "Move",
        "NoAnswer",
        "Not",
        "Pass",
        "Passed",
        "Replace",
        "Requested",
        "Resources",
        "Wait",
        "Waiting",
    }
)
_WORD: Final = re.compile(r"(?:[A-Z][a-z]+){1,5}")


def words() -> Iterator[str]:
    """The string constants of the code that look like reasons."""
    for folder in FOLDERS:
        for path in sorted({*(ROOT / folder).rglob("*.py")} - {GENERATED}):
            for node in ast.walk(ast.parse(path.read_text())):
                value = node.value if isinstance(node, ast.Constant) else None
                if isinstance(value, str) and _WORD.fullmatch(value):
                    yield value


def explained(word: str) -> bool:
    return re.search(rf"`{word}`", PAGES) is not None


def test_every_reason_and_event_is_explained() -> None:
    every = set(words())
    assert every >= OTHERS, "words that are in the code no more"
    found = every - OTHERS
    assert len(found) > 50
    assert sorted(word for word in found if not explained(word)) == []


def test_every_phase_is_explained() -> None:
    assert [phase for phase in Phase if not explained(phase)] == []


def test_every_condition_is_explained() -> None:
    named = {
        value
        for name, value in vars(conditions).items()
        if name.isupper() and isinstance(value, str)
    }
    assert {"Ready", "VerbRefused"} <= named
    assert sorted(name for name in named if not explained(name)) == []
