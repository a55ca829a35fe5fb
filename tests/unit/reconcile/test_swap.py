"""Every write of a status, even of a report, goes only to the version that was decided on."""

from __future__ import annotations

import pytest

from controller.core.decide import decide
from controller.core.model.plan import WriteJob
from controller.kube.errors import Conflict
from controller.reconcile.intent import Intent
from tests.unit.reconcile.fake_api import Shop


async def test_a_report_is_not_written_to_another_job_of_the_same_name() -> None:
    shop = Shop()
    shop.job()
    seen = shop.entry.observed(shop.now, frozenset())
    report = WriteJob(seen.job.status.model_copy(update={"ready_instances": 2}))
    shop.job(metadata={"uid": "j2"})
    with pytest.raises(Conflict):
        await Intent(shop.api, shop.store).perform(shop.entry, report, seen)
    assert shop.status() == {"observedGeneration": -1}


async def test_a_report_about_an_old_version_is_not_written() -> None:
    shop = Shop()
    shop.job()
    seen = shop.entry.observed(shop.now, frozenset())
    (report,) = decide(seen, shop.now).reports or (WriteJob(seen.job.status),)
    shop.job(metadata={"generation": 2})
    with pytest.raises(Conflict):
        await Intent(shop.api, shop.store).perform(shop.entry, report, seen)
    assert shop.api.asked == []


async def test_each_write_names_uid_and_version() -> None:
    shop = Shop()
    shop.job()
    await shop.reconcile()
    await shop.reconcile()
    patches = [
        body["metadata"]
        for (verb, plural, _), body in zip(shop.api.asked, shop.api.bodies, strict=True)
        if (verb, plural) == ("patch", "echelonjobs")
    ]
    assert len(patches) >= 2
    assert all(meta["uid"] == "j1" and meta["resourceVersion"] for meta in patches)


async def test_the_verdict_on_a_template_does_not_count_for_the_next_one() -> None:
    shop = Shop()
    shop.job()

    def another(verb: str, *_: str) -> None:
        if verb == "dry run" and b'"web:1"' in shop.entry.template:
            shop.job(spec={"template": {"spec": {"containers": [{"name": "web", "image": "x"}]}}})

    shop.api.before = another
    await shop.reconcile()
    asked = [verb for verb, _, _ in shop.api.asked]
    assert asked.count("dry run") == 2
