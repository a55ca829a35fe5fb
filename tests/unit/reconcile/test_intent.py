"""Writes of intent: compare-and-swap, and what is read after a refusal."""

from __future__ import annotations

import pytest

from controller.api.labels import ADMITTED
from controller.api.meta import parse_time
from controller.api.update import Phase
from controller.core.model import plan
from controller.kube.errors import Conflict
from controller.reconcile.intent import Intent
from tests.unit.reconcile.fake_api import NOW, Shop


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.job()
    return shop


def intent(shop: Shop) -> Intent:
    return Intent(shop.api, shop.store, lambda: NOW)


async def perform(shop: Shop, write: plan.Write) -> None:
    await intent(shop).perform(shop.entry, write, shop.entry.observed(NOW, frozenset()))


async def test_after_a_conflict_the_job_was_read_anew(shop: Shop) -> None:
    seen = shop.entry.observed(NOW, frozenset())
    shop.api.put("echelonjobs", {**shop.api.objects["echelonjobs", "web"]})
    newest = shop.api.objects["echelonjobs", "web"]["metadata"]["resourceVersion"]
    status = seen.job.status.model_copy(update={"observed_generation": 1})
    with pytest.raises(Conflict):
        await intent(shop).perform(shop.entry, plan.WriteJob(status), seen)
    assert shop.entry.job is not None
    assert shop.entry.job.metadata.resource_version == newest == shop.entry.live


async def test_what_was_decided_on_an_older_version_is_not_even_sent(shop: Shop) -> None:
    seen = shop.entry.observed(NOW, frozenset())
    shop.job(spec={"instances": 3})
    status = seen.job.status.model_copy(update={"observed_generation": 1})
    with pytest.raises(Conflict):
        await intent(shop).perform(shop.entry, plan.WriteJob(status), seen)
    assert not shop.api.writes() or shop.api.asked[-1][0] == "get"
    assert shop.status() == {"observedGeneration": -1}


async def test_an_update_whose_making_was_not_answered_is_taken_as_it_is(shop: Shop) -> None:
    make = plan.MakeUpdate("web-g2", shop.entry.revision)
    seen = shop.entry.observed(NOW, frozenset())
    for _ in range(2):
        await intent(shop).perform(shop.entry, make, seen)
    known = shop.entry.updates["web-g2"]
    assert (known.phase, known.owner) == (Phase.PENDING, "j1")
    assert [kind for _, kind, _ in shop.api.writes()] == ["updates", "updates"]


async def test_only_a_404_says_that_an_update_is_gone(shop: Shop) -> None:
    shop.update("web-g2")
    del shop.api.objects["updates", "web-g2"]
    assert "web-g2" not in shop.entry.gone
    seen = shop.entry.observed(NOW, frozenset())
    await intent(shop).perform(shop.entry, plan.ReadUpdate("web-g2"), seen)
    assert "web-g2" in shop.entry.gone
    assert "web-g2" not in shop.entry.updates


async def test_an_update_that_changed_meanwhile_is_not_marked_as_admitted(shop: Shop) -> None:
    made = shop.update()
    edited = shop.api.put("updates", {**made, "spec": {"job": "web", "paused": True}})
    with pytest.raises(Conflict):
        await perform(shop, plan.MarkAdmitted("web-g2"))
    assert "annotations" not in shop.api.objects["updates", "web-g2"]["metadata"]
    known = shop.entry.updates["web-g2"]
    assert known.resource_version == edited["metadata"]["resourceVersion"], "it is read anew"
    await perform(shop, plan.MarkAdmitted("web-g2"))
    notes = shop.api.objects["updates", "web-g2"]["metadata"]["annotations"]
    assert notes == {ADMITTED: "u-web-g2"}


async def test_an_update_of_the_same_name_does_not_hide_that_the_active_one_is_deleted() -> None:
    shop = Shop()
    shop.job(status={"activeUpdate": {"name": "web-g2", "uid": "u-before"}})
    shop.api.put("updates", {"metadata": {"name": "web-g2", "uid": "u"}, "spec": {"job": "web"}})
    await perform(shop, plan.ReadUpdate("web-g2"))
    found = shop.entry.observed(shop.now, frozenset())
    assert found.gone == {"web-g2"}
    assert found.updates["web-g2"].metadata.uid == "u"


@pytest.mark.parametrize(("phase", "told"), [(Phase.ROLLED_BACK, 1), (Phase.ROLLING_BACK, 0)])
async def test_the_end_of_an_update_is_told_with_its_time(
    shop: Shop, phase: Phase, told: int
) -> None:
    shop.update(status={"phase": "RollingForward", "startedAt": "2026-01-01T00:00:00Z"})
    ended: list[tuple[Phase, float]] = []
    writes = Intent(shop.api, shop.store, lambda: NOW, lambda *end: ended.append(end))
    known = shop.entry.observed(NOW, frozenset()).updates["web-g2"]
    change = {"phase": phase, "finished_at": parse_time("2026-01-01T00:01:30Z")}
    write = plan.WriteUpdate("web-g2", known.status.model_copy(update=change))
    await writes.write_update(shop.entry, write, known)
    assert ended == [(phase, 90.0)] * told
