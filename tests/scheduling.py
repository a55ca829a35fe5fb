"""Which tests share a worker of pytest-xdist, and which run while nothing else does.

A test is given to the first worker that is free. Tests of a folder that has one cluster for all of
them go to one worker together. What measures time or load comes last, on one worker, when the
others have ended.
"""

from __future__ import annotations

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

#: Tests that share what takes long to make, mostly a cluster: a worker of its own for each line.
TOGETHER: Final = (
    ("tests/devcluster/",),
    ("tests/examples/",),
    ("tests/integration/aurora/",),
    ("tests/chart/test_image.py",),
    ("tests/chart/test_release.py",),
    tuple(
        f"tests/chart/test_{name}.py"
        for name in ("admission_policy", "escape", "null", "roles", "scalars", "values")
    ),
)
#: They keep the machine so busy that the others would be late, or count what depends on time.
ALONE: Final = ("tests/integration/test_large.py",)
#: They take longest: begun first, so that the end does not wait for one of them.
LONG: Final = (
    "tests/unit/core/test_invariants.py",
    "tests/unit/reconcile/test_anything_goes.py",
    "tests/integration/test_idle.py",
)


def group(nodeid: str) -> str:
    """What a test is given to a worker with: the first file or folder of a line of TOGETHER,
    "alone", or the test itself."""
    if nodeid.startswith(ALONE):
        return "alone"
    return next((line[0] for line in TOGETHER if nodeid.startswith(line)), nodeid)


def rank(nodeid: str) -> int:
    """When a test is given out: the long ones and the groups first, those that want to be alone
    last."""
    found = group(nodeid)
    if found == "alone":
        return 2
    return 0 if found != nodeid or nodeid.startswith(LONG) else 1


class Scheduling(LoadScopeScheduling):
    """Groups of :func:`group`, in the order in which the tests were collected."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)

    def remove_node(self, node: WorkerController) -> str | None:
        crashed = super().remove_node(node)
        for left in self.nodes:
            self._reschedule(left)
        return crashed

    def _reschedule(self, node: WorkerController) -> None:
        if next(iter(self.workqueue), "") == "alone" and len(self.nodes) > 1:
            # The first worker waits with its last test until the others have ended.
            if node is not self.nodes[0]:
                node.shutdown()
            return
        super()._reschedule(node)
