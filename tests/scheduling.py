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

#: Folders whose tests share a cluster that is made for them: one worker each.
TOGETHER: Final = ("tests/devcluster/", "tests/examples/", "tests/integration/aurora/")
#: Their outcome depends on how busy the machine is.
ALONE: Final = (
    "tests/integration/test_idle.py",
    "tests/integration/test_large.py",
)
#: They take longest: begun first, so that the end does not wait for one of them.
LONG: Final = ("tests/unit/core/test_invariants.py",)


def group(nodeid: str) -> str:
    """What a test is given to a worker with: a name of TOGETHER, "alone", or itself."""
    if nodeid.startswith(ALONE):
        return "alone"
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)


def rank(nodeid: str) -> int:
    """When a test is given out: the long ones first, those that want to be alone last."""
    if nodeid.startswith(ALONE):
        return 2
    return 0 if nodeid.startswith((*LONG, *TOGETHER)) else 1


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
