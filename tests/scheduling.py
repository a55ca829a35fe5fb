"""Which tests share a worker of pytest-xdist, and in which order they are given out.

A test is given to the first worker that is free. Tests of a folder that has one cluster for all of
them go to one worker together.

Unit tests keep a processor busy; the others mostly wait for a control plane. So a quarter of the
workers, the fillers, run unit tests alone, and only while nobody else needs the processor. The
others run unit tests when nothing else is left.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

#: Tests that share what takes long to make, mostly a cluster: a worker of its own for each line;
#: the first line that fits counts.
TOGETHER: Final = (
    ("tests/devcluster/",),
    ("tests/examples/test_updates_", "tests/examples/test_kubectl_doc.py"),
    tuple(f"tests/examples/test_{name}.py" for name in ("coming_from", "pages", "troubleshooting")),
    ("tests/examples/",),
    ("tests/integration/aurora/",),
    ("tests/integration/test_crds.py",),
    ("tests/integration/test_kube.py",),
    ("tests/chart/test_image.py",),
    ("tests/chart/test_release.py",),
    tuple(
        f"tests/chart/test_{name}.py"
        for name in ("admission_policy", "escape", "null", "roles", "scalars", "values")
    ),
)
#: They keep the machine so busy that tests which wait for a control plane would be late.
HEAVY: Final = ("tests/integration/test_large.py",)
#: They take longest: begun first, so that the end does not wait for one of them.
LONG: Final = (
    "tests/unit/core/test_invariants.py",
    "tests/unit/core/test_crashes",
    "tests/unit/reconcile/test_anything_goes.py",
    "tests/integration/test_idle.py",
)
_LEAST: Final = 19


def unit(nodeid: str) -> bool:
    return nodeid.startswith("tests/unit/")


def group(nodeid: str) -> str:
    """What a test is given to a worker with: the first file or folder of a line of TOGETHER,
    "heavy", or the test itself."""
    if nodeid.startswith(HEAVY):
        return "heavy"
    return next((line[0] for line in TOGETHER if nodeid.startswith(line)), nodeid)


def rank(nodeid: str) -> int:
    """When a test is given out, lowest first."""
    if unit(nodeid):
        return 3 if nodeid.startswith(LONG) else 4
    found = group(nodeid)
    if found == "heavy":
        return 2
    return 0 if found != nodeid or nodeid.startswith(LONG) else 1


def filler(worker: str, workers: int, nodeids: Iterable[str]) -> bool:
    """Whether this worker is a filler: one of the last of several, if there are unit tests and
    others."""
    fillers = range(workers - max(1, workers // 4), workers)
    return workers > 1 and int(worker[2:]) in fillers and len(set(map(unit, nodeids))) == 2


def step_back() -> None:
    """Let this process, and those that it starts, run only while nobody else needs a processor."""
    os.nice(_LEAST)
    # Linux may share out processors among sessions first, and only then among their processes.
    with suppress(OSError):
        os.setsid()
        Path("/proc/self/autogroup").write_text(str(_LEAST))


class Scheduling(LoadScopeScheduling):
    """Groups of :func:`group`, in the order in which the tests were collected."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)

    def _reschedule(self, node: WorkerController) -> None:
        if self._fills(node) and not any(map(unit, self.workqueue)):
            if not node.shutting_down:
                node.shutdown()
            return
        super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        fills = self._fills(node)
        fitting = (scope for scope in self.workqueue if unit(scope) or not fills)
        self.workqueue.move_to_end(next(fitting), last=False)
        super()._assign_work_unit(node)

    def _fills(self, node: WorkerController) -> bool:
        return node.gateway.id in self._fillers

    @cached_property
    def _fillers(self) -> set[str]:
        """The ids of the fillers. Asked only when the tests are collected."""
        every, found = (f"gw{number}" for number in range(self.numnodes)), self.collection or ()
        return {worker for worker in every if filler(worker, self.numnodes, found)}
