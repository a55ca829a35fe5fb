"""Nodes as they are read: their own clocks are not believed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from controller.core.model.observed import Node
from controller.kube.errors import ApiError, Forbidden, NotFound
from controller.reconcile import nodes
from tests.unit.reconcile.fake_api import FakeApi

NOW = 1_767_225_700.0
EARLY, LATE = "2026-01-01T00:00:10Z", "2027-01-01T00:00:00Z"


def raw(status: str, stamp: str = EARLY) -> dict[str, Any]:
    ready = {"type": "Ready", "status": status, "lastTransitionTime": stamp}
    return {"metadata": {"name": "n"}, "status": {"conditions": [ready]}}


def test_a_stamp_of_the_future_is_now() -> None:
    assert nodes.node_of(raw("True", LATE), None, NOW).ready_since == NOW


def test_what_was_seen_to_happen_counts_from_that_sight() -> None:
    lost = nodes.node_of(raw("Unknown"), None, NOW - 50)
    assert not lost.ready
    back = nodes.node_of(raw("True", EARLY), lost, NOW)
    assert (back.ready, back.ready_since) == (True, NOW)
    assert nodes.node_of(raw("True", EARLY), back, NOW + 9).ready_since == NOW


@pytest.mark.parametrize(
    ("error", "ready", "read_at"),
    [(NotFound(404), False, NOW), (Forbidden(403), Node().ready, math.inf)],
)
async def test_one_that_is_gone_is_lost_and_a_secret_one_tells_nothing(
    error: ApiError, ready: bool, read_at: float
) -> None:
    class Api(FakeApi):
        async def get(self, *_: Any, **__: Any) -> Any:
            raise error

    old = Node(read_at=NOW - nodes.REMEMBERED)
    found = await nodes.read(Api(), {"old": old}, ("n",), NOW)
    assert {n: (node.ready, node.read_at) for n, node in found.items()} == {"n": (ready, read_at)}
