"""The real reconciler over a simulated API server that is in trouble."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from controller.api import labels
from controller.api.meta import format_time
from controller.core.model import plan
from controller.core.model.brake import Brake
from controller.kube.errors import Forbidden, NotFound
from tests.unit.core.sim.calm import good
from tests.unit.core.sim.telling import outcome, tell
from tests.unit.core.test_crashes import POLICY, scaled
from tests.unit.reconcile.fake_api import KEY, Shop
from tests.unit.reconcile.sim import ShellWorld

Make = Callable[..., ShellWorld]


def rolled_back(world: ShellWorld) -> None:
    """However late an answer is, one instance never becomes Ready."""
    world.behave("app:2", instance=1, ready=None)
    world.ready().edit(image="app:2")
    world.run(400)
    assert world.phase == "RolledBack", world.phase


@pytest.mark.parametrize("fate", ["crash", "lost", "late", "silent", "twice", "409", "503", "504"])
@pytest.mark.parametrize("story", [rolled_back, scaled])
def test_any_write_goes_wrong(make_world: Make, story: Callable[..., None], fate: str) -> None:
    told = tell(story, POLICY, make_world)
    told.quiet(600)
    good(told)
    writes = told.cluster.writes
    for after in range(0, len(writes), 23):
        world = tell(story, POLICY, make_world, deque(["ok"] * after + [fate]))
        world.run(605)
        assert outcome(world) == outcome(told), f"{fate} after {after} writes: {writes[after]}"


def test_an_outage_costs_few_requests_and_loses_nothing(make_world: Make) -> None:
    world = make_world(instances=3).ready()
    world.cluster.fate = world.network.read_fate = "down"
    world.cluster.watches.cut()
    world.edit(image="app:2")
    tried = 0
    fate = world.network.fate

    def counted(asked: object) -> str:
        nonlocal tried
        tried += 1
        return fate(asked)

    world.network.fate = counted
    world.run(timedelta(minutes=1).total_seconds())
    assert 0 < tried < 120, "each of four watches backs off to 10 seconds"
    world.cluster.fate = world.network.read_fate = "ok"
    world.until_phase("RolledForward")
    assert world.images() == dict.fromkeys(range(3), "app:2")
    assert list(world.cluster.updates) == ["web-g2"]


async def test_a_decision_that_never_settles_is_an_error() -> None:
    shop = Shop()
    shop.job()
    shop.worker._decide = lambda *_: plan.Plan(write=plan.ReadJob())
    with pytest.raises(RuntimeError, match="more than 50 writes in a row"):
        await shop.reconcile()


async def test_a_job_left_over_in_a_namespace_that_is_gone_backs_off() -> None:
    shop = Shop()
    shop.job()
    tried = 0

    def gone(verb: str, plural: str, _: str) -> None:
        nonlocal tried
        if (verb, plural) == ("create", "controllerrevisions"):
            tried += 1
            raise NotFound(404, "NotFound", 'namespaces "default" not found')

    shop.api.before = gone
    with pytest.raises(NotFound, match="namespaces"):
        await shop.reconcile()
    assert tried == 2, "once more, with the Job as it was read live"


def report(shop: Shop, instance: int, ready: bool = False) -> None:
    """The kubelet reports on the pod of an instance, and the watch shows it."""
    raw = shop.api.objects["pods", f"web-{instance}"]
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": format_time(shop.now)}
    status = {"phase": "Running", "conditions": [condition]}
    shop.see("pods", shop.api.put("pods", {**raw, "status": status}))


async def running(**spec: Any) -> Shop:
    """A Job of two instances whose pods are created and running."""
    shop = Shop()
    shop.job(spec={"minReadySeconds": 10, **spec})
    await shop.reconcile()
    for instance in range(2):
        report(shop, instance)
    shop.now += 5
    await shop.reconcile()
    return shop


async def work(shop: Shop) -> None:
    """Handle keys as a worker does, until none waits."""
    while shop.queue.depth:
        key = await shop.queue.get()
        await shop.reconcile()
        shop.queue.done(key)


def asked(shop: Shop, verb: str, plural: str) -> int:
    return sum(each[:2] == (verb, plural) for each in shop.api.asked)


async def test_what_was_read_live_counts_for_one_reconcile() -> None:
    shop = await running()
    owner = {"metadata": {"ownerReferences": None}, "spec": {"parent": "web-other"}}
    shop.update("mine", **owner)
    await shop.reconcile()
    first = asked(shop, "get", "echelonjobs")
    assert shop.status("updates", "mine")["phase"] == "Rejected"
    shop.update("yours", **owner)
    await shop.reconcile()
    assert shop.status("updates", "yours")["phase"] == "Rejected"
    assert asked(shop, "get", "echelonjobs") == first + 1, "the Job is read before each refusal"


async def test_reports_of_an_object_are_written_once_a_second() -> None:
    shop = await running()
    before, shop.now = asked(shop, "patch", "echelonjobs"), shop.now + 5
    for ready in (True, False, True, False):
        report(shop, 0, ready)
        await shop.reconcile()
        shop.now += 0.1
    assert asked(shop, "patch", "echelonjobs") == before + 1
    assert shop.status()["readyInstances"] == 1
    shop.now += 1
    await shop.reconcile()
    assert shop.status().get("readyInstances", 0) == 0, "the last report is not lost"


async def test_a_job_is_decided_again_at_its_next_moment() -> None:
    shop = await running()
    report(shop, 0, ready=True)
    for _ in range(2):
        await work(shop)
        shop.now += 2
        shop.queue.promote()
    await work(shop)
    shop.now += 5
    shop.queue.promote()
    assert shop.queue.depth == 0, "nothing changes by time alone before the instance is good"
    shop.now += 1.1
    shop.queue.promote()
    assert shop.queue.depth == 1


async def test_a_refused_delete_is_not_repeated_before_its_back_off_ends() -> None:
    shop = await running()

    def refuse(verb: str, plural: str, name: str) -> None:
        if (verb, plural) == ("delete", "pods"):
            shop.api.asked.append((verb, plural, name))
            raise Forbidden(403, "Forbidden", "denied the request: nobody deletes pods today")

    shop.api.before = refuse
    shop.job(spec={"instances": 1}, status=shop.status())
    pauses = []
    for _ in range(3):
        for _ in range(3):
            await shop.reconcile()
        (refused,) = shop.entry.refused_actions.values()
        pauses.append(refused.refusal.until - shop.now)
        shop.now = refused.refusal.until
    assert pauses == [1, 2, 4]
    assert asked(shop, "delete", "pods") == 3
    assert KEY in shop.store.entries


async def test_a_deletion_that_nothing_explains_asks_the_brake() -> None:
    shop = await running(minReadySeconds=0)
    for instance in range(2):
        report(shop, instance, ready=True)
    raw = shop.api.objects["pods", "web-1"]
    notes = {**raw["metadata"]["annotations"], labels.REVISION: "web-other"}
    raw["metadata"] |= {"annotations": notes}
    raw["metadata"]["labels"] |= {labels.REVISION: "other"}
    shop.see("pods", shop.api.put("pods", raw))
    limit = 0
    shop.worker._brake = lambda: Brake(str(limit), limit, 2, 0, "stop-1")
    await shop.reconcile()
    assert asked(shop, "delete", "pods") == 0
    assert shop.condition("SafetyStop")["status"] == "True"
    assert "SafetyStop" in [reason for reason, _ in shop.events]
    job = shop.api.objects["echelonjobs", "web"]
    job["metadata"] |= {"annotations": {labels.SAFETY_RELEASE: "stop-1"}}
    shop.store.put_job(shop.api.put("echelonjobs", job))
    await shop.reconcile()
    assert ("delete", "pods", "web-1") in shop.api.asked
