"""Which tests share a worker of pytest-xdist, and in which order they are given out.

A test is given to the first worker that is free. Tests of a folder that has one cluster for all of
them go to one worker together. Unit tests come last: they wait for nobody, so while one worker runs
what keeps a machine busy, the others have something to do that does not mind. But those that take
longest come first, when no control plane idles meanwhile.
"""

from __future__ import annotations

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

#: Tests that share what takes long to make, mostly a cluster: a worker of its own for each line.
TOGETHER: Final = (
    ("tests/devcluster/",),
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


def group(nodeid: str) -> str:
    """What a test is given to a worker with: the first file or folder of a line of TOGETHER,
    "heavy", or the test itself."""
    if nodeid.startswith(HEAVY):
        return "heavy"
    return next((line[0] for line in TOGETHER if nodeid.startswith(line)), nodeid)


def rank(nodeid: str) -> int:
    """When a test is given out, lowest first."""
    if nodeid.startswith("tests/unit/"):
        return 0 if nodeid.startswith(LONG) else 4
    found = group(nodeid)
    if found == "heavy":
        return 3
    return 1 if found != nodeid or nodeid.startswith(LONG) else 2


class Scheduling(LoadScopeScheduling):
    """Groups of :func:`group`, in the order in which the tests were collected."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
