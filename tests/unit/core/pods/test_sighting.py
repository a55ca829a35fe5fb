"""A node's clock may be wrong: the moment counts at which the operator observed a change."""

from __future__ import annotations

import pytest

from controller.api.pods.pod import Pod, Trouble
from controller.api.update import Phase
from controller.core.pods.sighting import as_observed
from tests.unit.core.sim import World
from tests.values import replace

MADE = Pod("ns", "web-0", "u0", "web", "job", 0, created=100.0)


def ready(since: float) -> Pod:
    return replace(MADE, ready=True, ready_since=since)


@pytest.mark.parametrize("stamp", [50.0, 118.0, 900.0])
def test_an_observed_change_happened_when_it_was_observed(stamp: float) -> None:
    made = as_observed(MADE, None, 101.0)
    first = as_observed(ready(stamp), made, 120.5)
    assert first.ready_since == 120.5
    later = as_observed(replace(ready(stamp), ip="10.0.0.1"), first, 130.0)
    assert later.ready_since == 120.5, "the same stamp means the same change"
    again = as_observed(ready(stamp + 1), later, 140.0)
    assert again.ready_since == 140.0, "the pod was not Ready in between"


@pytest.mark.parametrize(("stamp", "expected"), [(50.0, 100.0), (118.0, 118.0), (900.0, 120.5)])
def test_a_change_before_the_first_observation_keeps_its_stamp_within_bounds(
    stamp: float, expected: float
) -> None:
    first = as_observed(ready(stamp), None, 120.5)
    assert first.ready_since == expected
    assert as_observed(replace(ready(stamp), ip="10.0.0.1"), first, 130.0).ready_since == expected


def test_a_pod_that_was_never_ready_has_no_ready_time() -> None:
    assert as_observed(MADE, None, 120.5).ready_since == 0.0


def test_ready_and_not_ready_within_one_second() -> None:
    first = as_observed(ready(120.0), as_observed(MADE, None, 101.0), 120.2)
    assert as_observed(replace(ready(120.0), ready=False), first, 120.7).ready_since == 120.7


def test_a_container_ended_when_its_end_was_observed() -> None:
    runs = as_observed(ready(110.0), None, 115.0)
    ended = replace(MADE, phase="Failed", trouble=Trouble("Error", "", 1, at=900.0))
    observed = as_observed(ended, runs, 130.0)
    assert observed.trouble is not None
    assert observed.trouble.at == 130.0
    after_restart = as_observed(ended, None, 131.0)
    assert after_restart.trouble is not None
    assert after_restart.trouble.at == 131.0


@pytest.mark.parametrize("ahead", [-600.0, 600.0])
@pytest.mark.parametrize("replacement", ["Recreate", "Surge", "InPlace"])
def test_a_good_version_rolls_out_whatever_the_clock_of_its_node(
    ahead: float, replacement: str
) -> None:
    update = {"maxFailuresPerInstance": 0, "replacement": replacement}
    world = World(instances=2, minReadySeconds=20, update=update).ready()
    world.kubelet.ahead = ahead
    world.behave("app:2", ready=5.0)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates))
    begun = world.now
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert 50 <= world.now - begun <= 65, "twice 5 s until Ready and 20 s until good"
    assert world.status.known_bad == ()


@pytest.mark.parametrize("ahead", [-600.0, 600.0])
def test_the_back_off_follows_the_operators_clock(ahead: float) -> None:
    world = World(instances=1).ready()
    world.kubelet.ahead = ahead
    world.behave("app:1", ready=None, end=1.0)
    world.kill(0)
    world.until(lambda: world.pod(0).remade == 1 and world.pod(0).ended)
    ended = world.now
    world.until(lambda: 0 in world.uids() and world.pod(0).remade == 2)
    assert 10 <= world.now - ended <= 13
