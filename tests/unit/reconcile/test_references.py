"""Whom an Event speaks of, and who owns what is made."""

from __future__ import annotations

from controller.reconcile.references import about_line, owner_reference, reference
from tests.unit.reconcile.fake_api import Shop


def test_the_job_its_updates_and_what_is_not_there() -> None:
    shop = Shop()
    shop.job()
    shop.update("web-g2")
    job, update = reference(shop.entry, None), reference(shop.entry, "web-g2")
    assert job is not None
    assert update is not None
    assert (job["kind"], job["uid"], job["namespace"]) == ("EchelonJob", "j1", "ns")
    assert (update["kind"], update["name"], update["uid"]) == ("Update", "web-g2", "u-web-g2")
    assert reference(shop.entry, "web-g3") is None
    shop.store.drop_job(shop.entry.key, "j1")
    assert reference(shop.entry, None) is None


def test_the_owner_is_a_controller_that_the_garbage_collector_follows() -> None:
    shop = Shop()
    shop.job()
    owner = owner_reference(shop.entry)
    assert (owner["uid"], owner["controller"]) == ("j1", True)
    assert about_line(shop.entry, "web-g2") == {"job": "ns/web", "update": "ns/web-g2"}
