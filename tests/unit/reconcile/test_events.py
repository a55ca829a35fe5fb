"""Events about a Job: recorded once, about existing objects, after the write they report."""

from __future__ import annotations

import logging

import pytest

from controller.core.model import plan
from controller.core.model.observed import Verdict
from controller.kube.errors import Forbidden
from controller.reconcile.entry import Entry
from controller.reconcile.events import Events
from tests.unit.reconcile.fake_api import KEY, Recorded, Shop


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.job()
    shop.update()
    return shop


@pytest.fixture
def events(shop: Shop) -> Events:
    return Events(Recorded(shop.events))


def test_the_events_of_a_write_are_recorded_and_logged(
    shop: Shop, events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    write = plan.WriteJob(
        shop.entry.job.status,  # type: ignore[union-attr]
        events=(plan.Event("Scaled", "from 2 to 3"), plan.Event("Paused", "by hand", "web-g2")),
    )
    with caplog.at_level(logging.INFO):
        events.after(shop.entry, write)
    assert shop.events == [("Scaled", "from 2 to 3"), ("Paused", "by hand")]
    assert caplog.messages == ["Scaled: from 2 to 3", "Paused: by hand"]
    assert [getattr(r, "update", None) for r in caplog.records] == [None, "ns/web-g2"]


def test_no_event_is_recorded_about_an_object_that_is_gone(
    shop: Shop, events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    write = plan.WriteJob(
        shop.entry.job.status,  # type: ignore[union-attr]
        events=(plan.Event("Paused", "by hand", "web-g1"),),
    )
    with caplog.at_level(logging.INFO):
        events.after(shop.entry, write)
    events.warn(Entry(("ns", "gone")), "SurplusPod", "a pod too many")
    assert shop.events == []
    assert caplog.messages == []


def test_a_warning_is_recorded_once_per_template(shop: Shop, events: Events) -> None:
    shop.entry.verdicts[""] = Verdict(True, warnings=("old API", "no limits"))
    for revision in ("web-a", "web-a", "web-b"):
        events.after(shop.entry, plan.CheckTemplate(revision))
    said = "old API; no limits"
    assert shop.events == [
        ("TemplateWarning", f"web-a: {said}"),
        ("TemplateWarning", f"web-b: {said}"),
    ]


def test_a_refused_template_is_recorded_if_it_is_the_jobs_own(shop: Shop, events: Events) -> None:
    refused = Verdict(False, "InvalidTemplate", "no such field")
    shop.entry.verdicts |= {"": refused, "u-web-g2": refused}
    events.after(shop.entry, plan.CheckTemplate("web-a", update="u-web-g2"))
    assert shop.events == [], "the Update itself says so"
    events.after(shop.entry, plan.CheckTemplate("web-a"))
    assert shop.events == [("InvalidTemplate", "no such field")]


async def test_a_refused_write_is_reported_until_it_succeeds() -> None:
    shop, refusing = Shop(), True
    shop.job()

    def before(verb: str, plural: str, _: str) -> None:
        if refusing and (verb, plural) == ("create", "controllerrevisions"):
            raise Forbidden(403, "Forbidden", 'webhook "x" denied the request: no')

    shop.api.before = before
    await shop.reconcile()
    (note,) = [note for reason, note in shop.events if reason == "Forbidden"]
    assert "denied the request: no" in note
    assert list(shop.entry.refused_writes) == [plan.subject_of_revision(shop.entry.revision)]
    await shop.reconcile()
    assert len(shop.events) == 1, "the same message is recorded once"
    refusing, shop.now = False, shop.now + 60
    await shop.reconcile()
    assert shop.store.entries[KEY].refused_writes == {}
    assert ("create", "controllerrevisions", shop.entry.revision) in shop.api.asked
