"""Nothing is made for a Job whose end is known so far only by the end of what it owned."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controller.api.gate import Gate
from controller.api.ids import NONE
from controller.core.model import plan
from controller.kube.errors import NotFound
from controller.reconcile.existence import Existence, is_to_be_read
from tests.unit.reconcile.fake_api import NOW, Object, Shop, template
from tests.unit.reconcile.test_worker import asked, report, running, work

END = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["foregroundDeletion"]}


def collected(shop: Shop) -> None:
    """It is deleted in the background."""
    del shop.api.objects["echelonjobs", "web"]


def ending(shop: Shop) -> None:
    """It is deleted in the foreground: after what it owns."""
    shop.api.put("echelonjobs", _with_meta(shop, END))


def made_anew(shop: Shop) -> None:
    """Another Job has the name by now."""
    shop.api.put("echelonjobs", _with_meta(shop, {"uid": "j2"}) | {"status": {}})


def _with_meta(shop: Shop, changes: Object) -> Object:
    job = shop.api.objects["echelonjobs", "web"]
    return {**job, "metadata": {**job["metadata"], **changes}}


ENDS = pytest.mark.parametrize("end", [collected, ending])


def revision_gone(shop: Shop) -> None:
    (name,) = shop.entry.revisions
    del shop.api.objects["controllerrevisions", name]
    shop.store.drop_revision(f"ns/{name}", shop.entry.revisions[name].uid)


def pods_gone(shop: Shop) -> None:
    for instance in range(2):
        name = f"web-{instance}"
        uid = shop.api.objects.pop(("pods", name))["metadata"]["uid"]
        shop.store.drop_pod(f"ns/{name}", uid)


def update_gone(shop: Shop) -> None:
    del shop.api.objects["updates", "web-g2"]
    shop.store.drop_update("ns/web-g2", "u-web-g2")


def created(shop: Shop) -> list[tuple[str, str, str]]:
    return [each for each in shop.api.asked if each[0] == "create"]


@ENDS
@pytest.mark.parametrize("gone", [revision_gone, pods_gone])
async def test_what_the_garbage_collector_took_is_not_made_again(
    end: Callable[[Shop], None], gone: Callable[[Shop], None]
) -> None:
    shop = await running()
    shop.api.asked.clear()
    end(shop)
    gone(shop)
    await work(shop)
    assert created(shop) == []
    assert shop.entry.job is None or shop.entry.job.metadata.deletion_timestamp is not None


@ENDS
async def test_no_update_is_made_for_a_changed_template(end: Callable[[Shop], None]) -> None:
    """The Update that brought it goes with the Job, before kopf says so of the Job."""
    shop = await running()
    shop.job(
        metadata={"generation": 2},
        spec={"template": template("web:2"), "minReadySeconds": 10},
        status=shop.status(),
    )
    shop.update(status={"phase": "Pending"})
    shop.api.asked.clear()
    end(shop)
    update_gone(shop)
    await work(shop)
    assert created(shop) == []


@ENDS
@pytest.mark.parametrize("gone", [revision_gone, pods_gone])
async def test_nor_by_a_process_that_began_after_that(
    end: Callable[[Shop], None], gone: Callable[[Shop], None]
) -> None:
    before = await running()
    gone(before)
    shop = Shop()
    shop.api.objects, shop.api._version = before.api.objects, before.api._version
    shop.store.put_job(shop.api.objects["echelonjobs", "web"])
    for (plural, _), found in shop.api.objects.items():
        if plural in ("controllerrevisions", "pods"):
            shop.see(plural, found)
    end(shop)
    await work(shop)
    assert created(shop) == []


async def test_a_new_job_of_the_name_gets_its_own() -> None:
    shop = await running()
    made_anew(shop)
    pods_gone(shop)
    revision_gone(shop)
    await work(shop)
    assert asked(shop, "create", "controllerrevisions") == 2
    owners = [found["metadata"]["ownerReferences"] for (plural, _), found
              in shop.api.objects.items() if plural in ("pods", "controllerrevisions")]  # fmt: skip
    assert [owner["uid"] for (owner,) in owners] == ["j2"] * 3


async def test_what_a_user_deleted_is_made_again() -> None:
    shop = await running()
    shop.api.asked.clear()
    pods_gone(shop)
    revision_gone(shop)
    await work(shop)
    assert len(created(shop)) == 3
    assert asked(shop, "get", "echelonjobs") == 1


async def test_pods_that_the_operator_deletes_cost_no_reads() -> None:
    shop = await running()
    report(shop, 0, ready=True)
    shop.now += 20
    await work(shop)
    pod = shop.entry.instances.pods[0, False]
    shop.entry.instances.assume_deleted((0, False), pod.uid)
    shop.api.asked.clear()
    shop.store.drop_pod("ns/web-0", pod.uid)
    del shop.api.objects["pods", "web-0"]
    await work(shop)
    assert asked(shop, "create", "pods") == 1
    assert asked(shop, "get", "echelonjobs") == 0


async def test_nor_do_updates_and_revisions_that_it_prunes() -> None:
    shop = await running()
    shop.revision("web-old", template("web:0"))
    shop.update(status={"phase": "RolledForward"})
    assert not shop.entry.existence.in_doubt
    shop.entry.under_way |= {("prune", "u-web-old"), ("prune", "u-web-g2")}
    shop.store.drop_revision("ns/web-old", "u-web-old")
    shop.store.drop_update("ns/web-g2", "u-web-g2")
    assert not shop.entry.existence.in_doubt


async def test_a_job_of_a_gate_is_made_only_for_a_job_without_doubt() -> None:
    shop = await running()
    gate = Gate.model_validate({"name": "g", "job": {"template": {"spec": {}}}})
    asks = plan.Plan(asks=(plan.AskGate(gate, "web-g2", 0, "run", NONE, NONE, NOW),))
    observed = shop.entry.observed(NOW, frozenset())
    assert not is_to_be_read(shop.entry.existence, observed, asks)
    shop.entry.existence.doubt()
    assert is_to_be_read(shop.entry.existence, observed, asks)
    assert not is_to_be_read(shop.entry.existence, observed, plan.Plan())


def test_an_answer_explains_only_what_came_before_its_question() -> None:
    existence = Existence()
    with existence.proving():
        existence.doubt()
    assert existence.in_doubt
    with pytest.raises(NotFound), existence.proving():
        raise NotFound(404, "NotFound", "gone")
    assert existence.in_doubt
    with existence.proving():
        assert existence.in_doubt, "nothing is proved before the answer"
    assert not existence.in_doubt
