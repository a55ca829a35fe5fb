"""`dryRun: true`: the plan is written, no pod changes, and the real update follows the plan."""

from __future__ import annotations

from typing import Any

import pytest

from hack.harness.audit import Audit
from hack.harness.manifests import (
    Object,
    batch,
    by_revision,
    condition,
    ids,
    is_true,
    job,
    queue,
    template,
    update,
    variable_batch,
)
from hack.harness.operator import USER
from hack.harness.space import Space

MANUAL = {"mode": "Manual"}


def waiting(space: Space, **policy: Any) -> Object:
    """A Job at web:1 in mode Manual with a changed template."""
    space.made(job(instances=6, update={**MANUAL, **policy}))
    space.set_image("web:2", behaviour="ready-after", ready_after="300ms")
    return space.wait_job("pending", lambda j: is_true(j, "UpdatePending"))


def planned(space: Space, name: str = "plan", **spec: Any) -> Object:
    """`status.plan` of a dry run."""
    space.create(update(name, dryRun=True, **spec))
    ended = space.wait_update("Planned", name=name)
    assert is_true(ended, "Complete")
    assert is_true(ended, "Succeeded")
    assert is_true(ended, "Ready")
    plan: Object = ended["status"]["plan"]
    return plan


def groups(plan: Object) -> list[set[int]]:
    return [ids(group["instances"]) for group in plan["groups"]["first"]]


def kept(found: Object) -> Object:
    """The fields of a Job's status that a dry run must not change."""
    names = ("assigned", "lastAttempt", "currentRevision", "activeUpdate", "instancesInForce")
    return {name: found["status"].get(name) for name in names}


@pytest.mark.parametrize(
    "strategy", [batch(4), batch("34%"), variable_batch(1, 2), queue(6)], ids=str
)
def test_the_update_goes_as_its_dry_run_said(space: Space, strategy: Object) -> None:
    waiting(space, strategy=strategy)
    plan = planned(space)
    assert plan["instances"] == {"recreate": "0-5"}
    space.create(update("real"))
    space.wait_update("RolledForward", name="real")
    assert groups(plan) == space.observer.replay().waves["web"]
    assert plan["groups"]["count"] == len(groups(plan))
    assert "conflicts" not in plan


def test_a_dry_run_touches_nothing(space: Space, audit: Audit) -> None:
    before, pods = waiting(space), space.pods()
    audit.mark()
    plan = planned(space)
    after = space.job()
    assert kept(after) == kept(before)
    assert is_true(after, "UpdatePending")
    assert {i: p.uid for i, p in space.pods().items()} == {i: p.uid for i, p in pods.items()}
    done = [r for r in audit.requests(user=USER, namespace=space.name) if r.writes]
    assert [r for r in done if r.resource == "pods" and not r.dry_run] == []
    assert [r for r in done if r.resource == "controllerrevisions"] == []
    assert plan["instances"] == {"recreate": "0-5"}
    shown = space.kubectl("get", "eup", "plan", "-o", "jsonpath={.status.plan.groups.count}")
    assert shown == "6"
    space.kubectl("wait", "eup/plan", "--for=condition=Complete", "--timeout=180s")


def test_a_canary_then_the_rest(space: Space) -> None:
    """Mixed revisions, a partial range, instances that are already updated, and the estimate."""
    waiting(space, strategy=batch(2))
    canary = planned(space, "canary-plan", instances="1,4-5")
    assert canary["instances"] == {"recreate": "1,4-5", "unchanged": "0,2-3"}
    assert canary["groups"]["sizes"] == [{"size": 2, "times": 1}, {"size": 1, "times": 1}]
    space.create(update("canary", instances="1,4-5"))
    space.wait_update("RolledForward", name="canary")
    assert space.observer.replay().waves["web"] == groups(canary) == [{1, 4}, {5}]
    rest = planned(space, "rest-plan")
    assert rest["instances"] == {"recreate": "0,2-3", "unchanged": "1,4-5"}
    assert groups(rest) == [{0, 2}, {3}]
    space.create(update("rest"))
    ended = space.wait_update("RolledForward", name="rest")
    assert ids(ended["status"]["instances"]["updated"]) == {0, 2, 3}
    assert planned(space, "nothing")["instances"] == {"unchanged": "0-5"}
    again = planned(space, "again", restart=True)
    assert again["instances"] == {"recreate": "0-5"}
    assert again["estimate"]["seconds"] >= 1
    assert "s per instance, as in the last completed" in again["estimate"]["from"]


def test_the_kinds_of_replacement(space: Space) -> None:
    """An image can change in place; an environment variable cannot."""
    space.made(job(instances=4, update=MANUAL))
    space.set_image("web:2")
    plan = planned(space, "images", policy={"replacement": "InPlace"})
    assert plan["instances"] == {"inPlace": "0-3"}
    plan = planned(space, "surge", policy={"replacement": "Surge"})
    assert plan["instances"] == {"surge": "0-3"}
    wish = template("web:2")
    wish["spec"]["containers"][0]["env"] = [{"name": "A", "value": "b"}]
    space.set_template(wish)
    plan = planned(space, "more", policy={"replacement": "InPlace"})
    assert plan["instances"] == {"recreate": "0-3"}


def test_a_dry_run_says_why_it_would_be_refused(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 1, "maxFailuresPerInstance": 0, **MANUAL}
    before = space.made(job(instances=3, update=quick))["status"]["currentRevision"]
    space.set_image("web:2", behaviour="never-ready")
    space.create(update("bad"))
    space.wait_update("RolledBack", name="bad", timeout=40)
    space.until("3 Ready", lambda: sum(pod.ready for pod in space.pods().values()) == 3)
    plan = planned(space, parent="web-other", instances="0-7")
    reasons = {conflict["reason"] for conflict in plan["conflicts"]}
    assert reasons == {"KnownBad", "ParentMismatch", "RangeOutsideJob"}
    assert all(conflict["message"] for conflict in plan["conflicts"])
    forced = planned(space, "forced", force=True, parent=before)
    assert "conflicts" not in forced
    assert forced["instances"] == {"recreate": "0-2"}


def test_a_dry_run_tells_the_api_servers_words_about_the_template(space: Space) -> None:
    space.made(job(instances=2, update=MANUAL))
    wish = template("web:2")
    wish["spec"]["containers"][0]["ports"] = [{"containerPort": 99999}]
    space.set_template(wish)
    (conflict,) = planned(space)["conflicts"]
    assert conflict["reason"] == "InvalidTemplate"
    assert "containerPort" in conflict["message"]


def test_a_dry_run_while_an_update_is_active(space: Space) -> None:
    waiting(space, strategy=queue(1))
    space.create(update("real"))
    space.wait_update("RollingForward", name="real")
    plan = planned(space, instances="4-5")
    assert "UpdateInProgress" in {conflict["reason"] for conflict in plan["conflicts"]}
    assert plan["instances"] == {"recreate": "4-5", "unchanged": "0-3"}
    space.wait_update("RolledForward", name="real")
    done = space.wait_ready()
    assert len(by_revision(done["status"]["assigned"])) == 1
    assert condition(done, "UpdatePending")["status"] == "False"


def test_a_range_that_makes_no_sense_cannot_be_planned(space: Space) -> None:
    space.made(job(instances=2, update=MANUAL))
    space.create(update("plan", dryRun=True, instances="5-2"))
    ended = space.wait_update("Rejected", name="plan")
    assert ended["status"]["reason"] == "InvalidInstances"
    assert "plan" not in ended["status"]
