"""Actions on existing pods: their requests, and what follows from each answer."""

from __future__ import annotations

import asyncio

import pytest

from controller.core.model import plan
from controller.kube.errors import ApiError, Forbidden, Invalid, TooManyRequests
from controller.reconcile.claims.objects import read_claim
from controller.resource import Resource
from tests.unit.reconcile.fake_api import Shop
from tests.unit.reconcile.fake_pods import Object
from tests.unit.reconcile.one_pod import NOW, World, template

DELETE = plan.DeletePod(3, False, "web-3", "p1")
REPAIR = plan.RepairPod(3, False, "web-3", "p1", "web-1")
POLICY = "ValidatingAdmissionPolicy 'freeze' with binding 'freeze' denied request: no"


@pytest.fixture
def world() -> World:
    return World(template("web:1"), template("web:2"))


async def act(world: World, action: plan.ActionOnObject) -> None:
    world.pods.act(world.entry, [action])
    await world.pods.drain(5.0)


async def test_a_refused_delete_is_remembered_and_the_pod_stays(world: World) -> None:
    world.api.fail("delete", Forbidden(403, "Forbidden", "nobody deletes pods today"))
    await act(world, DELETE)
    refused = world.entry.observed(NOW, frozenset()).refused_actions[DELETE.key]
    assert (refused.refusal.reason, refused.refusal.until) == ("Forbidden", NOW + 1)
    assert 3 in world.entry.instances.view().alive
    await act(world, DELETE)
    assert DELETE.key not in world.entry.refused_actions
    assert 3 in world.entry.instances.view().terminating


async def test_retry_after_is_obeyed(world: World) -> None:
    world.api.fail("delete", TooManyRequests(429, "TooManyRequests", "later", 20.0))
    await act(world, DELETE)
    assert world.entry.refused_actions[DELETE.key].refusal.until == NOW + 20


async def test_the_pauses_grow(world: World) -> None:
    world.api.fail("delete", *[Forbidden(403, "Forbidden", "no")] * 8)
    untils = []
    for _ in range(8):
        await act(world, DELETE)
        untils.append(world.entry.refused_actions[DELETE.key].refusal.until - NOW)
    assert untils == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_a_refusal_of_an_action_that_is_no_longer_wanted_is_dropped(world: World) -> None:
    world.api.fail("delete", Forbidden(403, "Forbidden", "no"))
    await act(world, DELETE)
    world.entry.forget_refused(frozenset({DELETE.key}))
    assert DELETE.key in world.entry.refused_actions
    world.entry.forget_refused(frozenset())
    assert world.entry.observed(NOW, frozenset()).refused_actions == {}


@pytest.mark.parametrize("action", [DELETE, REPAIR])
async def test_a_request_that_is_cancelled_leaves_no_assumption(
    world: World, action: plan.ActionOnObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object, **__: object) -> Object:
        await asyncio.sleep(60)
        return {}

    monkeypatch.setattr(world.api, "delete", hang)
    monkeypatch.setattr(world.api, "patch", hang)
    world.pods.act(world.entry, [action])
    await asyncio.sleep(0)
    view = world.entry.instances.view()
    assert 3 in view.terminating | view.repairing
    await world.pods.drain(0.0)
    await asyncio.sleep(0)
    view = world.entry.instances.view()
    assert 3 not in view.terminating | view.repairing
    assert world.settled == [True]


async def test_a_prune_that_is_cancelled_leaves_no_assumption(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object, **__: object) -> Object:
        await asyncio.sleep(60)
        return {}

    monkeypatch.setattr(world.api, "delete", hang)
    world.pods.act(world.entry, [plan.Prune("Update", "web-g1", "u9")])
    assert world.entry.observed(NOW, frozenset()).pruning == {"u9"}
    await asyncio.sleep(0)
    await world.pods.drain(0.0)
    await asyncio.sleep(0)
    assert world.entry.under_way == set()


async def test_owners_that_are_being_written_are_known_until_that_has_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    meta = {"name": "data-web-3", "namespace": "ns", "uid": "c1", "resourceVersion": "1"}
    marks = {"labels": {"echelon.dev/job": "web", "echelon.dev/instance": "3"}}
    world.store.claims.wanted.set()
    world.store.claims.put(read_claim({"metadata": {**meta, **marks}}))

    async def hang(*_: object, **__: object) -> Object:
        await asyncio.sleep(60)
        return {}

    monkeypatch.setattr(world.api, "get", hang)
    world.pods.act(world.entry, [plan.OwnClaim(3, "data-web-3", "c1", True)])
    assert world.entry.observed(NOW, frozenset()).claims.owning == {"c1"}
    await asyncio.sleep(0)
    await world.pods.drain(0.0)
    await asyncio.sleep(0)
    assert world.entry.observed(NOW, frozenset()).claims.owning == frozenset()


@pytest.mark.parametrize(
    "error", [Invalid(422, "Invalid", POLICY), Invalid(422, "Invalid", "metadata.labels: no")]
)
async def test_a_refused_repair_does_not_make_the_pod_forgotten(
    world: World, error: ApiError, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> Object:
        raise error

    async def get(
        resource: Resource, namespace: str | None, name: str, *, metadata_only: bool = False
    ) -> Object:
        assert (resource.plural, namespace, name, metadata_only) == ("pods", "ns", "web-3", True)
        return world.pod

    monkeypatch.setattr(world.api, "patch", refuse)
    monkeypatch.setattr(world.api, "get", get)
    await act(world, REPAIR)
    assert 3 in world.entry.instances.view().present
    assert REPAIR.key in world.entry.refused_actions


async def test_another_pod_of_the_same_name_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> Object:
        raise Invalid(422, "Invalid", "metadata.uid: field is immutable")

    async def get(*_: object, **__: object) -> Object:
        return {**world.pod, "metadata": {**world.pod["metadata"], "uid": "p2"}}

    monkeypatch.setattr(world.api, "patch", refuse)
    monkeypatch.setattr(world.api, "get", get)
    await act(world, REPAIR)
    assert 3 not in world.entry.instances.view().present
    assert world.entry.refused_actions == {}


async def test_labels_that_admission_removes_are_not_set_again_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stripped(*_: object, **__: object) -> Object:
        meta = {**world.pod["metadata"], "labels": {}, "resourceVersion": "90"}
        return {**world.pod, "metadata": meta}

    monkeypatch.setattr(world.api, "patch", stripped)
    await act(world, REPAIR)
    assert (
        "removed its labels or owner again"
        in world.entry.refused_actions[REPAIR.key].refusal.message
    )


async def test_a_fault_of_ours_is_not_repeated_at_full_speed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(world.api, "delete", broken)
    await act(world, DELETE)
    assert world.settled == [False], "after a back-off"
    assert 3 in world.entry.instances.view().alive, "nothing is assumed of it any more"


async def test_a_fault_of_ours_at_a_create_is_logged_and_not_repeated_at_full_speed(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("controller.reconcile.creation.Prepared.of", lambda **_: 1 / 0)
    world.pods.act(world.entry, [plan.CreatePod(4, world.new)])
    await world.pods.drain(5.0)
    assert world.settled == [False]
    assert "creating pods or claims failed" in caplog.messages
    assert 4 not in world.entry.instances.view().present


async def test_a_repair_names_the_pod_that_was_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = list[Object]()

    async def patch(*arguments: object, **__: object) -> Object:
        sent.append(arguments[3])  # type: ignore[arg-type]
        return world.pod

    monkeypatch.setattr(world.api, "patch", patch)
    await act(world, REPAIR)
    (body,) = sent
    assert body["metadata"]["uid"] == "p1"
    assert body["metadata"]["labels"]["echelon.dev/instance"] == "3"


async def test_a_prune_spares_a_new_object_of_the_same_name() -> None:
    shop = Shop()
    shop.job()
    there = shop.update("web-g1")
    shop.worker.pods.act(shop.entry, [plan.Prune("Update", "web-g1", "u-before")])
    await shop.worker.pods.drain(5.0)
    assert shop.api.writes() == [("delete", "updates", "web-g1")]
    assert shop.api.objects["updates", "web-g1"] == there
    assert "web-g1" in shop.entry.updates
    shop.worker.pods.act(shop.entry, [plan.Prune("Update", "web-g1", "u-web-g1")])
    await shop.worker.pods.drain(5.0)
    assert ("updates", "web-g1") not in shop.api.objects
    assert "web-g1" not in shop.entry.updates
