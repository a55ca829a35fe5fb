"""Updates that their Job does not keep (`updateHistoryLimit: 0`): how they ended is told all the
same, on a real API server."""

from __future__ import annotations

from typing import Any

import pytest

from hack.harness.space import Space
from tests.cli.echelon import Echelon
from tests.cli.files import created

QUICK = {"readyTimeoutSeconds": 1, "maxFailuresPerInstance": 0}


@pytest.mark.parametrize(
    ("how", "good", "bad"),
    [("--wait", "RolledForward", "RolledBack"), ("--watch", "rolled forward", "rolled back")],
)
def test_start_tells_the_end(
    space: Space, echelon: Echelon, file: Any, how: str, good: str, bad: str
) -> None:
    here = file(update=QUICK, updateHistoryLimit=0)
    created(echelon, here)
    done = echelon("update", "start", here.image("web:2"), "-y", how, check=0)
    assert good in done.out
    space.cluster.wait("no Updates", lambda: not space.updates(), 10)
    for name in ("web", "web-g2"):
        again = echelon("update", "wait", name, check=0)
        assert again.out.startswith("update.echelon.dev/web-g2 RolledForward: "), again
    undone = echelon(
        "update", "start", here.image("web:3", behaviour="never-ready"), "-y", how, check=3
    )
    assert bad in undone.out
    space.cluster.wait("no Updates", lambda: not space.updates(), 10)
    assert "RolledBack" in echelon("update", "wait", "web", check=3).out
