"""Nodes as they are read: their own clocks are not believed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from controller.core.model.observed import Node
from controller.core.rollout.lost_nodes import ANY
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


class Refusing(FakeApi):
    """Refuses to tell anything about nodes."""

    def __init__(self, error: ApiError) -> None:
        super().__init__()
        self.error = error

    async def get(self, *_: Any, **__: Any) -> Any:
        raise self.error

    async def list(self, *_: Any, **__: Any) -> Any:
        raise self.error
        yield


async def test_one_that_is_gone_is_lost() -> None:
    old = Node(read_at=NOW - nodes.REMEMBERED)
    found = await nodes.read(Refusing(NotFound(404)), {"old": old}, ("n",), NOW)
    assert {n: (node.ready, node.read_at) for n, node in found.items()} == {"n": (False, NOW)}


@pytest.mark.parametrize("name", ["n", ANY])
async def test_a_refusal_may_pass_and_one_that_lasts_tells_nothing(name: str) -> None:
    api = Refusing(Forbidden(403))
    found = await nodes.read(api, {}, (name,), NOW)
    assert (found[name].ready, found[name].read_at) == (False, NOW)
    found = await nodes.read(api, found, (name,), NOW + 10)
    assert (found[name].ready, found[name].read_at) == (True, math.inf)
    found = await nodes.read(api, found, ("other",), NOW + 20)
    assert found["other"].ready, "known for all by then"


class Nodes(FakeApi):
    """Lists nodes; ``read`` counts how many were taken."""

    def __init__(self, *statuses: str) -> None:
        super().__init__()
        self.statuses, self.read = statuses, 0

    async def list(self, *_: Any, **__: Any) -> Any:
        for status in self.statuses:
            self.read += 1
            yield raw(status)


async def test_all_nodes_together_are_ready_if_one_is() -> None:
    api = Nodes("Unknown", "True", "True", "False")
    found = await nodes.read(api, {}, (ANY,), NOW)
    assert (found[ANY].ready, found[ANY].ready_since, api.read) == (True, 0.0, 2)


async def test_a_cluster_without_nodes_has_lost_none() -> None:
    """Whatever waits for a node there waits for its deadline."""
    assert (await nodes.read(Nodes(), {}, (ANY,), NOW))[ANY].ready


async def test_the_moment_at_which_a_lost_cluster_came_back_is_kept() -> None:
    found = await nodes.read(Nodes("Unknown", "False"), {}, (ANY,), NOW)
    assert (found[ANY].ready, found[ANY].read_at) == (False, NOW)
    for later in (20, 30):
        found = await nodes.read(Nodes("True"), found, (ANY,), NOW + later)
        assert (found[ANY].ready, found[ANY].ready_since) == (True, NOW + 20)
