"""Creates: careful when they are refused, and never twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from controller.api.ids import NONE, Ids
from controller.kube.errors import Forbidden
from tests.unit.reconcile.fake_api import KEY, Shop
from tests.unit.reconcile.sim import ShellWorld

Make = Callable[..., ShellWorld]
QUOTA = Forbidden(403, "Forbidden", 'pods "web-0" is forbidden: exceeded quota: pods')


def test_a_create_whose_answer_is_lost_makes_no_twin(make_world: Make) -> None:
    world = make_world(instances=3)
    world.network.latency = 0.01
    world.until(lambda: len(world.cluster.pods) == 0 and bool(world.cluster.revisions))
    world.cluster.fates.extend(["lost"] * 12)
    world.ready()
    made = Counter(name for verb, name in world.cluster.writes if verb == "create pod")
    assert made == {f"web-{i}": 1 for i in range(3)}


def test_a_full_quota_costs_few_requests(make_world: Make) -> None:
    world = make_world(instances=100)
    world.cluster.quota = 0
    refused = 0
    answer = world.network.answer

    def counted(asked: object) -> tuple[int, bytes]:
        nonlocal refused
        found = answer(asked)
        refused += found[0] == 403
        return found

    world.network.answer = counted
    world.run(10)
    assert 1 <= refused < 40, "not a request for each of a hundred pods"
    world.cluster.quota = None
    world.ready()
    assert len(world.cluster.pods) == 100


def test_a_pod_of_somebody_else_under_the_name_is_left_alone(make_world: Make) -> None:
    world = make_world(instances=2)
    stranger = world.cluster.stranger("web-1")
    world.run(20)
    assert world.cluster.pods["web-1"].uid == stranger.uid
    assert "PodNameConflict" in world.conditions()
    world.cluster.remove_pod(world.cluster.pods["web-1"])
    world.ready()


def creates(shop: Shop) -> list[str]:
    """Names of the pods that the API server was asked to create."""
    return [name for verb, plural, name in shop.api.asked if (verb, plural) == ("create", "pods")]


def refuse_pods(shop: Shop) -> None:
    def refuse(verb: str, plural: str, name: str) -> None:
        if (verb, plural) == ("create", "pods"):
            shop.api.asked.append((verb, plural, name))
            raise QUOTA

    shop.api.before = refuse


async def test_a_create_that_is_under_way_is_not_sent_again() -> None:
    shop = Shop()
    shop.job(spec={"instances": 3})
    for _ in range(3):
        await shop.worker.reconcile(KEY)
    assert shop.entry.instances.view().alive == Ids(range(3)), "the store shows them already"
    await shop.worker.pods.drain(5.0)
    assert creates(shop) == ["web-0", "web-1", "web-2"]


async def test_the_first_refusal_of_very_many_creates_holds_back_the_others() -> None:
    shop = Shop()
    shop.job(spec={"instances": 100})
    refuse_pods(shop)
    await shop.reconcile()
    assert creates(shop) == ["web-0"]
    assert set(shop.entry.refusals) == set(range(100))
    assert shop.entry.instances.view().present == NONE, "no assumption is left"
    await shop.reconcile()
    assert creates(shop) == ["web-0"], "none is repeated before its back-off ends"


async def test_the_back_off_of_a_refused_create_grows() -> None:
    shop = Shop()
    shop.job(spec={"instances": 1})
    refuse_pods(shop)
    pauses = []
    for _ in range(4):
        await shop.worker.reconcile(KEY)
        # A decision while the create is under way: it is no success yet.
        shop.entry.observed(shop.now, frozenset())
        await shop.worker.pods.drain(5.0)
        pauses.append(shop.entry.refusals[0].until - shop.now)
        shop.now = shop.entry.refusals[0].until
    assert pauses == [1, 2, 4, 8]
    assert len(creates(shop)) == 4


async def test_a_granted_create_ends_the_back_off() -> None:
    shop = Shop()
    shop.job(spec={"instances": 1})
    refuse_pods(shop)
    await shop.reconcile()
    shop.api.before = lambda *_: None
    shop.now = shop.entry.refusals[0].until
    await shop.reconcile()
    assert shop.entry.observed(shop.now, frozenset()).refusals == {}


async def test_an_own_pod_that_the_watch_does_not_show_yet_is_taken() -> None:
    shop = Shop()
    shop.job(spec={"instances": 1})
    meta: dict[str, Any] = {"name": "web-0", "uid": "p1"}
    owner = {"apiVersion": "echelon.dev/v1alpha1", "kind": "EchelonJob", "name": "web", "uid": "j1"}
    meta["ownerReferences"] = [{**owner, "controller": True}]
    shop.api.put("pods", {"metadata": meta, "spec": {}, "status": {"phase": "Running"}})
    await shop.reconcile()
    assert shop.entry.instances.pods[(0, False)].uid == "p1"
    assert shop.entry.apart.conflicts == {}
    assert shop.entry.refusals == {}
