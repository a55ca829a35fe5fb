"""One chain of policies says which instances may be disrupted now, and why others may not."""

from __future__ import annotations

import pytest

from controller.api.ids import NONE, Ids
from controller.api.update import Phase
from controller.core.model.context import Context
from controller.core.replacement import disruption
from controller.core.rollout.direction import Direction
from tests.unit.core.sim import World
from tests.values import replace

ALL = Ids(range(4))


def context_of(world: World) -> Context:
    return Context(world.operator.observe(), world.now)


def updating(**policy: object) -> tuple[Context, Direction]:
    """An Update of four instances that has just started."""
    world = World(instances=4, update=policy).ready()
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_FORWARD)
    context = context_of(world)
    assert context.active is not None
    return context, Direction.of(context, context.active)


def test_without_a_limit_an_update_may_disrupt_all() -> None:
    found = disruption.allow(*updating(), ALL)
    assert (found.allowed, found.held_back, found.reason) == (ALL, NONE, "")


@pytest.mark.parametrize(("limit", "count"), [(1, 1), (3, 3), ("50%", 2), (4, 4)])
def test_max_unavailable_allows_the_first_in_order(limit: int | str, count: int) -> None:
    found = disruption.allow(*updating(maxUnavailable=limit), ALL)
    assert found.allowed == Ids(range(count))
    assert found.held_back == ALL - found.allowed
    if found.held_back:
        assert found.reason == "MaxUnavailable"
        assert found.message == f"1 instance is unavailable; maxUnavailable is {limit}"


def test_outside_an_update_one_instance_at_a_time() -> None:
    world = World(instances=4).ready()
    found = disruption.allow(context_of(world), None, Ids([1, 3]))
    assert (found.allowed, found.held_back) == (Ids([1]), Ids([3]))
    assert found.reason == "OneAtATime"


def test_outside_an_update_none_while_another_is_down() -> None:
    world = World(instances=4).ready()
    world.kill(0)
    world.deliver()
    found = disruption.allow(context_of(world), None, Ids([1, 3]))
    assert (found.allowed, found.held_back) == (NONE, Ids([1, 3]))


def test_outside_an_update_none_while_another_is_not_ready() -> None:
    world = World(instances=4).ready()
    world.cluster.set_pod(replace(world.pod(0), ready=False))
    world.deliver()
    found = disruption.allow(context_of(world), None, Ids([1, 3]))
    assert (found.allowed, found.held_back) == (NONE, Ids([1, 3]))


def test_each_policy_gets_what_those_before_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[Ids]()

    def policy_of(allowed: Ids, reason: str) -> disruption.Policy:
        def ask(_: Context, __: Direction | None, ids: Ids) -> tuple[Ids, str, str]:
            asked.append(ids)
            return ids & allowed, reason, f"{reason} says no"

        return ask

    chain = policy_of(ALL, "None"), policy_of(Ids([0, 1]), "Two"), policy_of(Ids([1, 2]), "One")
    context = context_of(World(instances=4).ready())
    monkeypatch.setattr(disruption, "POLICIES", chain)
    found = disruption.allow(context, None, ALL)
    assert asked == [ALL, ALL, Ids([0, 1])]
    assert (found.allowed, found.held_back) == (Ids([1]), Ids([0, 2, 3]))
    assert (found.reason, found.message) == ("Two", "Two says no"), "the first that holds any back"


def test_the_policy_that_leaves_none_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def policy_of(allowed: Ids, reason: str) -> disruption.Policy:
        return lambda _, __, ids: (ids & allowed, reason, f"{reason} says no")

    chain = policy_of(Ids([0, 1]), "Two"), policy_of(NONE, "Nobody"), policy_of(NONE, "Later")
    monkeypatch.setattr(disruption, "POLICIES", chain)
    found = disruption.allow(context_of(World(instances=4).ready()), None, ALL)
    assert (found.allowed, found.reason) == (NONE, "Nobody")
