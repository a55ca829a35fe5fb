"""Writes of intent: compare-and-swap, and what is read after a refusal."""

from __future__ import annotations

import pytest

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
