"""An invalid object is read as far as possible, and never hides other objects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from controller.api.update import Phase, Update
from controller.reconcile.decode import UPDATE_CODEC, update_of
from controller.reconcile.store import Store
from tests.unit.reconcile.test_store import KEY, job


def update(name: str, **status: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "ns", "uid": name, "resourceVersion": "3"}
    return {"metadata": meta, "spec": {"job": "web"}, "status": status}


def test_a_page_is_read_although_one_status_in_it_is_invalid() -> None:
    bad = update("a", phase="RollingForward", downSince={"soon": "0"})
    items = [bad, update("b", phase="RolledForward")]
    raw = json.dumps({"metadata": {"resourceVersion": "9", "continue": "t"}, "items": items})
    found, token, version = UPDATE_CODEC.page(raw.encode())
    assert [u.name for u in found] == ["a", "b"]
    assert (token, version) == ("t", "9")
    assert found[0].update is not None
    assert found[0].update.status.phase is Phase.ROLLING_FORWARD
    assert found[0].update.status.down_since == {}


def test_an_update_in_a_phase_of_a_newer_version_is_left_alone() -> None:
    line = json.dumps({"type": "MODIFIED", "object": update("a", phase="Meditating")})
    kind, found = UPDATE_CODEC.event(line.encode())
    assert kind == "MODIFIED"
    assert found.update is None
    assert found.phase is Phase.ERROR
    assert found.too_new is not None
    assert "status.phase" in found.too_new.unknown.what
    assert found.too_new.raw is not None
    assert None not in found.too_new.raw["metadata"].values(), "what is absent stays absent"


def test_the_duration_of_a_finished_update_is_kept() -> None:
    ended = update(
        "a",
        phase="RolledForward",
        startedAt="2026-01-01T00:00:00Z",
        finishedAt="2026-01-01T00:00:40Z",
        counts={"total": 8, "updated": 8},
    )
    store = Store(lambda _: None)
    store.put_job(job())
    store.put_update(update_of(Update.model_validate(ended)))
    finished = store.entries[KEY].observed(0.0, frozenset()).finished["a"]
    assert finished.finished - finished.started == 40.0
    assert finished.updated == 8


def test_an_update_whose_spec_cannot_be_read_does_not_hide_the_others() -> None:
    bad = {**update("a"), "spec": {"job": "web", "policy": {"replacement": "Teleport"}}}
    raw = json.dumps({"metadata": {"resourceVersion": "9"}, "items": [bad, update("b")]})
    found, _, _ = UPDATE_CODEC.page(raw.encode())
    assert [(u.name, bool(u.too_new)) for u in found] == [("a", True), ("b", False)]


@pytest.mark.parametrize("odd", ["x", None, ["x"], 7])
def test_an_update_of_no_shape_at_all_does_not_hide_the_others(odd: Any) -> None:
    bad = [{**update("a"), "spec": odd}, {**update("c"), "spec": {"job": 7}, "status": odd}]
    raw = json.dumps({"metadata": {"resourceVersion": "9"}, "items": [*bad, update("b")]})
    found, _, _ = UPDATE_CODEC.page(raw.encode())
    assert [u.name for u in found] == ["b"]


@pytest.mark.parametrize("odd", ["x", None, ["x"], 7])
def test_a_status_of_no_shape_at_all_is_derived_anew(odd: Any) -> None:
    store = Store(lambda _: None)
    store.put_job({**job(), "status": odd})
    found = store.entries[KEY].job
    assert found is not None
    assert found.status.assigned == ()


@pytest.mark.parametrize("odd", ["x", None, ["x"], 7])
def test_a_job_of_no_shape_at_all_is_left_alone(odd: Any) -> None:
    store = Store(lambda _: None)
    plain = {"instances": 1, "template": {}}
    lists = [{field: odd} for field in ("overlays", "constraints") if odd is not None]
    odds = ({"template": odd}, *lists)
    for version, spec in enumerate((odd, *({**plain, **each} for each in odds)), 1):
        store.put_job({**job(version=version), "spec": spec})
        assert store.entries[KEY].job is None
        assert store.entries[KEY].unreadable is not None


def test_a_job_keeps_the_valid_fields_of_a_status_edited_by_hand() -> None:
    store = Store(lambda _: None)
    broken = job(revisions=[{"revision": "x", "instances": "5-1"}], instancesInForce=2)
    store.put_job(broken)
    found = store.entries[KEY].job
    assert found is not None
    assert found.status.revisions == ()
    assert found.status.instances_in_force == 2


def test_a_job_whose_spec_cannot_be_read_stays_as_it_was_known() -> None:
    store = Store(lambda _: None)
    store.put_job(job(version=1, image="web:1"))
    revision = store.entries[KEY].revision
    newer = job(version=2, image="web:2")
    newer["spec"]["type"] = "Miracle"
    store.put_job(newer)
    assert store.entries[KEY].revision == revision
    kept = store.entries[KEY].job
    assert kept is not None
    assert kept.metadata.resource_version == "1"


def test_an_ended_update_whose_spec_was_edited_is_kept_until_it_is_answered() -> None:
    raw = update("a", phase="RolledForward", observedGeneration=1)
    raw["metadata"]["generation"] = 2
    assert update_of(Update.model_validate(raw)).update is not None
    raw["status"]["observedGeneration"] = 2
    assert update_of(Update.model_validate(raw)).update is None
