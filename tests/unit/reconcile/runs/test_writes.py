"""What the operator writes about runs: names known beforehand, uids, compare-and-swaps."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from controller.core.model.plan import MakeRun
from controller.reconcile.runs.writes import RunWrites
from tests.unit.reconcile.fake_api import Object, template
from tests.unit.reconcile.runs.shop import RunShop


def left(name: str = "web-r1", **meta: Any) -> Object:
    """A run that is there already."""
    labels = {"echelon.dev/job": "web"}
    metadata = {"name": name, "uid": f"old-{name}", "labels": labels, **meta}
    return {"metadata": metadata, "spec": {"completions": 2}, "status": {}}


def owned_by(uid: str, kind: str = "EchelonJob") -> list[Object]:
    return [{"apiVersion": "v", "kind": kind, "name": "x", "uid": uid, "controller": True}]


async def test_the_template_is_tried_the_revision_made_and_then_the_run() -> None:
    shop = RunShop()
    await shop.reconcile()
    asked = [(verb, plural) for verb, plural, _ in shop.api.asked if verb not in ("get", "list")]
    assert asked == [
        ("dry run", "pods"),
        ("dry run", "jobs"),
        ("create", "controllerrevisions"),
        ("patch", "echelonjobs"),
        ("create", "jobs"),
        ("patch", "echelonjobs"),
    ]
    run = shop.api.objects["jobs", "web-r1"]
    (owner,) = run["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == ("j1", True)
    assert shop.status()["lastRun"]["name"] == "web-r1"


async def test_a_run_that_exists_already_is_this_one() -> None:
    shop = RunShop()
    await shop.reconcile()
    writes, store = shop.api.writes(), shop.store.runs
    step = MakeRun("web-r1", shop.entry.revision)
    shop.succeeded()
    observed = shop.entry.observed(shop.now, frozenset())
    await RunWrites(shop.api, store).perform(shop.entry, step, observed)
    assert [w for w in shop.api.writes() if w not in writes] == []
    assert len(store.of(("ns", "web"), "j1").jobs) == 1


async def test_a_strangers_job_of_that_name_is_said_and_left_alone() -> None:
    shop = RunShop()
    shop.api.put("jobs", left(ownerReferences=owned_by("s1", "CronJob")))
    await shop.reconcile()
    assert "Job web-r1 belongs to CronJob x" in shop.condition("Reconciling")["message"]
    assert shop.api.objects["jobs", "web-r1"]["metadata"]["uid"] == "old-web-r1"


async def test_a_run_that_a_former_job_left_is_taken_over() -> None:
    shop = RunShop()
    shop.api.put("jobs", left())
    await shop.reconcile()
    found = shop.api.objects["jobs", "web-r1"]["metadata"]
    assert [o["uid"] for o in found["ownerReferences"]] == ["j1"]
    assert shop.status()["lastRun"]["startedAt"]


async def test_no_run_is_made_beside_one_that_only_a_live_list_shows() -> None:
    shop = RunShop()
    shop.api.put("jobs", left("web-r9", ownerReferences=owned_by("j1")))
    await shop.reconcile()
    assert ("jobs", "web-r1") not in shop.api.objects
    assert shop.status()["lastRun"]["name"] == "web-r9"


async def test_a_run_in_the_way_is_deleted_in_the_foreground_once() -> None:
    shop = RunShop(collisionPolicy="KillExisting")
    await shop.reconcile()
    shop.job(spec={"type": "Adhoc", "collisionPolicy": "KillExisting",
                   "template": template("web:2")}, status=shop.status())  # fmt: skip
    await shop.reconcile()
    await shop.reconcile()
    assert shop.deleted == [("web-r1", "Foreground")]
    assert ("jobs", "web-r2") not in shop.api.objects
    shop.gone()
    await shop.reconcile()
    assert ("jobs", "web-r2") in shop.api.objects
    assert [reason for reason, _ in shop.events] == [
        "RunStarted",
        "KillingRun",
        "RunEnded",
        "RunStarted",
    ]


async def test_old_runs_are_deleted_with_their_pods() -> None:
    shop = RunShop(updateHistoryLimit=0)
    await shop.reconcile()
    shop.succeeded()
    await shop.reconcile()
    await shop.reconcile()
    assert shop.deleted == [("web-r1", "Background")]
    assert shop.condition("Ready")["status"] == "True"


async def test_a_placeholder_where_it_cannot_be_is_refused_without_a_request() -> None:
    shop = RunShop(template=template("web:{{echelon.instance}}"))
    await shop.reconcile()
    stalled = shop.condition("Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "InvalidTemplate")
    assert "containers[0].image" in stalled["message"]
    assert all(verb != "dry run" for verb, *_ in shop.api.asked)


async def test_the_cron_job_is_made_once_and_changed_by_compare_and_swap() -> None:
    shop = RunShop("Cron")
    await shop.reconcile()
    await shop.reconcile()
    made = shop.cron()
    assert made["spec"]["schedule"] == "0 0 1 1 *"
    assert shop.condition("Ready")["status"] == "True"
    theirs = copy.deepcopy(made)
    theirs["metadata"]["annotations"]["team"] = "a"
    theirs["spec"]["suspend"] = True
    shop.see_cron(theirs)
    await shop.reconcile()
    assert shop.cron()["spec"] == made["spec"]
    assert shop.cron()["metadata"]["annotations"]["team"] == "a"
    changes = [verb for verb, plural, _ in shop.api.writes() if plural == "cronjobs"]
    assert changes == ["dry run", "create", "update"]


async def test_admission_that_changes_the_cron_job_is_not_written_against_for_ever() -> None:
    shop = RunShop("Cron")
    put = shop.api.put

    def admitted(plural: str, obj: Object) -> Object:
        if plural == "cronjobs":
            obj["spec"]["concurrencyPolicy"] = "Replace"
        return put(plural, obj)

    shop.api.put = admitted  # type: ignore[method-assign]
    await shop.reconcile()
    assert "admission changed its spec" in shop.condition("Reconciling")["message"]
    assert [verb for verb, plural, _ in shop.api.writes() if plural == "cronjobs"] == [
        "dry run",
        "create",
    ]


@pytest.mark.parametrize("kind", ["Adhoc", "Cron"])
async def test_nothing_is_made_for_a_job_that_is_gone(kind: str) -> None:
    shop = RunShop(kind)
    del shop.api.objects["echelonjobs", "web"]
    await shop.reconcile()
    assert ("get", "echelonjobs", "web") in shop.api.asked
    assert not [w for w in shop.api.writes() if w[0] == "create"]


async def test_what_the_garbage_collector_took_is_not_made_again() -> None:
    shop = RunShop("Cron")
    await shop.reconcile()
    made = shop.api.objects.pop(("cronjobs", "web"))
    shop.store.runs.drop_cron("ns/web", made["metadata"]["uid"])
    del shop.api.objects["echelonjobs", "web"]  # Its watch is late.
    await shop.reconcile()
    assert ("cronjobs", "web") not in shop.api.objects


async def test_while_a_template_waits_for_its_parent_the_schedule_alone_is_written() -> None:
    shop = RunShop("Cron")
    await shop.reconcile()
    before = shop.cron()
    shop.job(
        metadata={"annotations": {"echelon.dev/expected-parent": "web-unknown"}},
        spec={
            "type": "Cron",
            "cron": {"schedule": "0 0 1 1 *", "timeZone": "Europe/Berlin", "suspend": True},
            "template": template("web:2"),
        },
        status={**shop.status(), "currentRevision": shop.entry.revision},
    )
    shop.now += 2
    await shop.reconcile()
    assert shop.condition("UpdatePending")["reason"] == "ParentMismatch"
    spec = shop.cron()["spec"]
    assert spec == {**before["spec"], "timeZone": "Europe/Berlin", "suspend": True}
    shop.job(
        metadata={"annotations": {"echelon.dev/expected-parent": "web-unknown"}},
        spec={"type": "Cron", "cron": {"schedule": "@daily"}, "template": template("web:2")},
        status=shop.status(),
    )
    await shop.reconcile()
    assert (shop.cron()["spec"]["schedule"], shop.cron()["spec"]["suspend"]) == ("@daily", False)
    assert "timeZone" not in shop.cron()["spec"]
