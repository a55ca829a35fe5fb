"""Objects that only a newer version can read are left alone and reported (reason TooNew)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from controller.reconcile.decode import UPDATE_CODEC
from tests.unit.reconcile.fake_api import KEY, Shop, template

LOCK = {"name": "web-g2", "uid": "u-web-g2"}
RUNNING: dict[str, Any] = {
    "activeUpdate": LOCK,
    "lastAttempt": {"revision": "web-x", "update": "web-g2", "updateUID": "u-web-g2"},
    "currentRevision": "web-w",
    "assigned": [{"revision": "web-w", "instances": "0-1"}],
    "instancesInForce": 2,
}


def newer(**spec: Any) -> dict[str, Any]:
    return {"spec": {"type": "Miracle", **spec}}


async def test_a_job_that_cannot_be_read_is_not_missing() -> None:
    shop = Shop()
    shop.update(status={"phase": "RollingForward"})
    shop.job(**newer(), status=RUNNING)
    await shop.reconcile()
    assert shop.api.writes() == [("patch", "echelonjobs", "web")]
    assert shop.status("updates", "web-g2")["phase"] == "RollingForward"
    stalled = shop.condition("Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "TooNew")
    assert "spec.type" in stalled["message"]
    assert shop.status()["assigned"] == RUNNING["assigned"], "what it had stays as it was"
    assert shop.status()["observedGeneration"] == 1
    assert [reason for reason, _ in shop.events] == ["TooNew"]


async def test_conditions_of_any_content_do_not_keep_it_from_being_reported() -> None:
    shop = Shop()
    twice = {"type": "Mine", "status": "True"}
    edited = [{"type": [], "status": "True"}, {"status": "True"}, "Ready", None, twice, twice]
    shop.job(**newer(), status={**RUNNING, "conditions": edited})
    await shop.reconcile()
    assert shop.condition("Stalled")["reason"] == "TooNew"
    types = [each["type"] for each in shop.status()["conditions"]]
    assert sorted(types) == ["Mine", "Ready", "Reconciling", "Stalled"]


async def test_an_unreadable_job_is_reported_once() -> None:
    shop = Shop()
    shop.job(**newer())
    for _ in range(3):
        await shop.reconcile()
    assert shop.api.writes() == [("patch", "echelonjobs", "web")]
    assert len(shop.events) == 1


async def test_a_job_that_becomes_unreadable_is_no_longer_acted_on() -> None:
    shop = Shop()
    shop.job()
    shop.job(**newer(instances=5))
    await shop.reconcile()
    assert shop.api.writes() == [("patch", "echelonjobs", "web")]
    shop.job(metadata={"generation": 3})
    await shop.reconcile()
    assert ("create", "pods", "web-0") in shop.api.asked, "read again, it goes on"
    assert shop.condition("Stalled")["status"] == "False"


async def test_the_other_fields_of_its_status_stay() -> None:
    shop = Shop()
    known = {"type": "Available", "status": "True", "reason": "R", "message": "m"}
    known |= {"observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}
    shop.job(**newer(), status={"conditions": [known, {"type": "Odd"}]})
    await shop.reconcile()
    assert shop.condition("Available") == known
    assert shop.condition("Ready")["status"] == "False"


async def test_an_unreadable_job_that_is_deleted_is_dropped() -> None:
    shop = Shop()
    shop.job(**newer())
    shop.store.drop_job(KEY, "j1")
    assert KEY not in shop.store.entries


async def test_an_unreadable_update_that_holds_the_lock_leaves_its_job_alone() -> None:
    for spoilt in ({"spec": {"action": "Ponder"}}, {"status": {"phase": "Pondering"}}):
        shop = Shop()
        shop.job(status=RUNNING)
        shop.update(**spoilt)
        for _ in range(3):
            await shop.reconcile()
        told = [("patch", "updates", "web-g2"), ("patch", "echelonjobs", "web")]
        assert shop.api.writes() == told
        stalled = shop.condition("Stalled")
        assert (stalled["status"], stalled["reason"]) == ("True", "TooNew")
        assert "Update web-g2" in stalled["message"]
        assert sorted(reason for reason, _ in shop.events) == ["TooNew", "TooNew"]


async def test_an_unreadable_update_without_the_lock_stops_nobody() -> None:
    shop = Shop()
    shop.job()
    shop.update("web-g1", spec={"action": "Ponder"})
    await shop.reconcile()
    assert ("create", "pods", "web-0") in shop.api.asked
    told = shop.status("updates", "web-g1")
    assert told.pop("conditions")[-1]["reason"] == "TooNew"
    assert told == {"observedGeneration": 1}, "nothing else of it changes"
    assert [reason for reason, _ in shop.events].count("TooNew") == 1


async def test_the_name_of_an_unreadable_update_is_taken() -> None:
    shop = Shop()
    shop.job()
    await shop.reconcile()
    await shop.reconcile()
    shop.update("web-g2", spec={"action": "Ponder"})
    raw = shop.api.objects["echelonjobs", "web"]
    raw["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    raw["metadata"]["generation"] = 2
    shop.store.put_job(shop.api.put("echelonjobs", raw))
    await shop.reconcile()
    assert ("create", "updates", "web-j1-g2") in shop.api.asked


#: The unknown part of a revision -> how messages name it.
UNKNOWN: dict[str, dict[str, Any]] = {
    "echelon.lifecycle": {"lifecycle": {"preStop": {}}},
    "echelon.overlays[].until": {"overlays": [{"name": "a", "patch": {}, "until": "2030"}]},
}
LATER: dict[str, Any] = {**template("web:1"), "echelon": UNKNOWN["echelon.lifecycle"]}
PLAIN = template("web:1")


@pytest.mark.parametrize(
    "status",
    [
        {"assigned": [{"revision": "web-n", "instances": "1"}, *RUNNING["assigned"]]},
        {"currentRevision": "web-n"},
        {"activeUpdate": LOCK, "to": "web-n"},
        {"activeUpdate": LOCK, "from": "web-n"},
    ],
    ids=["assigned", "current", "to", "from"],
)  # fmt: skip
@pytest.mark.parametrize("owner", ["j1", ""], ids=["owned", "orphaned"])
async def test_a_revision_of_more_than_a_template_leaves_its_job_alone(
    status: dict[str, Any], owner: str
) -> None:
    shop = Shop()
    shop.revision("web-w", PLAIN)
    shop.revision("web-n", LATER, owner)
    to, before = status.get("to", "web-w"), status.get("from", "web-w")
    there = {**RUNNING, "activeUpdate": None, **status, "to": None, "from": None}
    shop.job(status={k: v for k, v in there.items() if v is not None})
    if "activeUpdate" in status:
        course = {
            "phase": "RollingForward",
            "to": {"revision": to, "instances": "0-1"},
            "from": [{"revision": before, "instances": "0-1"}],
            "policy": {"strategy": {"type": "Queue", "size": 1}},
        }
        shop.update(status=course)
    for _ in range(3):
        await shop.reconcile()
    assert shop.api.writes() == [("patch", "echelonjobs", "web")]
    stalled = shop.condition("Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "TooNew")
    assert "ControllerRevision web-n: data.echelon.lifecycle" in stalled["message"]
    assert [reason for reason, _ in shop.events] == ["TooNew"]


async def test_the_revision_of_the_present_spec_counts_too() -> None:
    """Not even a new source is written to it."""
    shop = Shop()
    shop.job(metadata={"annotations": {"echelon.dev/source": "commit 2"}})
    shop.revision(shop.entry.revision, LATER)
    await shop.reconcile()
    assert shop.api.writes() == [("patch", "echelonjobs", "web")]
    assert shop.condition("Stalled")["reason"] == "TooNew"


async def test_a_newer_revision_that_nothing_needs_stops_nobody() -> None:
    shop = Shop()
    shop.revision("web-n", LATER)
    shop.job()
    await shop.reconcile()
    assert ("create", "pods", "web-0") in shop.api.asked


async def test_the_job_goes_on_once_no_newer_revision_is_needed() -> None:
    shop = Shop()
    shop.revision("web-n", LATER)
    shop.job(status={"currentRevision": "web-n", "assigned": RUNNING["assigned"]})
    await shop.reconcile()
    assert shop.condition("Stalled")["status"] == "True"
    shop.store.drop_revision("ns/web-n", "u-web-n")
    await shop.reconcile()
    assert shop.condition("Stalled")["reason"] != "TooNew"


async def test_an_update_to_a_newer_revision_waits_and_its_job_goes_on() -> None:
    shop = Shop()
    shop.revision("web-n", LATER)
    shop.job()
    for _ in range(3):
        await shop.reconcile()
    shop.update("mine", metadata={"ownerReferences": None}, spec={"revision": "web-n"})
    await shop.reconcile()
    status = shop.status("updates", "mine")
    assert (status.get("phase", "Pending"), status["reason"]) == ("Pending", "TooNew")
    assert "ControllerRevision web-n: data.echelon.lifecycle" in status["message"]
    assert shop.condition("Stalled")["reason"] != "TooNew"


def test_the_unknown_part_of_a_revision_is_named() -> None:
    shop = Shop()
    known = {"overlays": [{"name": "a", "instances": "0", "patch": {}}]}
    for name, parts in {"web-v": {}, "web-w": None, "web-x": known}.items():
        shop.revision(name, {**PLAIN, "echelon": parts})
    shop.revision("web-y", PLAIN)
    for number, parts in enumerate(UNKNOWN.values()):
        shop.revision(f"web-{number}", {**PLAIN, "echelon": parts})
    found = {n: r.unknown for n, r in shop.entry.revisions.items()}
    assert [found.pop(f"web-{number}") for number in range(len(UNKNOWN))] == [*UNKNOWN]
    assert set(found.values()) == {""}


async def test_no_other_job_waits_for_what_cannot_be_read() -> None:
    shop = Shop()
    shop.job(metadata={"name": "api", "uid": "j2"}, spec={"instances": 1})
    shop.job(**newer(), status=RUNNING)
    shop.update(status={"phase": "Pondering"})
    shop.update("api-g1", metadata={"ownerReferences": None}, spec={"job": "db", "action": "Go"})
    await shop.worker.reconcile(("ns", "web"))
    await shop.worker.reconcile(("ns", "db"))
    await shop.worker.reconcile(("ns", "api"))
    await shop.worker.pods.drain(5.0)
    assert ("create", "pods", "api-0") in shop.api.asked
    assert not any(
        name.startswith("web-") for _, plural, name in shop.api.asked if plural == "pods"
    )


async def test_unreadable_objects_in_the_first_lists_do_not_stop_the_operator() -> None:
    shop = Shop()
    good, odd = shop.job(), shop.job(metadata={"name": "odd", "uid": "j3"}, **newer())
    updates = [
        {"metadata": {"name": "a", "uid": "a", "resourceVersion": "1", "namespace": "ns"}} | more
        for more in (
            {"spec": {"job": "web", "revision": 7}},
            {"spec": "nothing"},
            {"spec": {"job": "odd"}, "status": {"phase": "Pondering"}},
            {"spec": {"job": "web"}, "status": "nothing"},
        )
    ]
    page = {"metadata": {"resourceVersion": "9"}, "items": updates}
    for item in UPDATE_CODEC.page(json.dumps(page).encode())[0]:
        shop.store.put_update(item)
    for raw in (odd, good):
        shop.store.put_job(raw)
    for key in list(shop.store.entries):
        await shop.worker.reconcile(key)
    await shop.worker.pods.drain(5.0)
    assert ("create", "pods", "web-0") in shop.api.asked
    assert not any("odd" in name for _, plural, name in shop.api.asked if plural == "pods")


async def test_an_unknown_field_of_a_spec_leaves_its_job_alone() -> None:
    shop = Shop()
    shop.job(spec={"flavour": "sweet"})
    await shop.reconcile()
    assert shop.api.writes() == [("patch", "echelonjobs", "web")]
    assert (
        "spec.flavour: this version does not know this field"
        in shop.condition("Stalled")["message"]
    )
