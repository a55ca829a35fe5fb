"""Cron Jobs on the real API server and Kubernetes' own controller of CronJobs.

A CronJob starts at most one run a minute, so these tests take minutes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hack.harness.manifests import Object, condition, cron, is_true, run_template
from hack.harness.operator import Operator
from hack.harness.space import Space
from tests.integration.runs import (
    event_reasons,
    last,
    lives,
    names,
    runs,
    settled,
    wait_run,
)

EVERY_MINUTE: Final = "* * * * *"
#: Seconds: a run begins within a minute, and the second one a minute after it.
ONE: Final = 100.0
TWO: Final = 170.0


def cron_job(space: Space) -> Object:
    found: Object = space.api.get(space.path("cronjobs", "web"))
    return found


def made(space: Space, **spec: object) -> Object:
    """Create a Cron Job whose runs are far away, and return its CronJob."""
    space.create(cron(**spec))  # type: ignore[arg-type]
    space.wait_ready()
    return cron_job(space)


def scheduled(run: Object) -> float:
    stamp = run["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    return datetime.fromisoformat(stamp).timestamp()


def test_the_cron_job_follows_the_spec(space: Space) -> None:
    found = made(space, cron={"timeZone": "Europe/Berlin", "startingDeadlineSeconds": 100})
    spec, owner = found["spec"], found["metadata"]["ownerReferences"][0]
    assert (spec["schedule"], spec["timeZone"]) == ("0 0 1 1 *", "Europe/Berlin")
    assert (spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == ("Forbid", 100)
    assert (owner["kind"], owner["name"]) == ("EchelonJob", "web")
    job = space.job()
    assert condition(job, "Ready")["message"] == "no run yet"
    assert space.revisions()[0]["metadata"]["name"] == job["status"]["updateRevision"]

    space.patch_job(cron={"suspend": True})
    space.until("suspended", lambda: cron_job(space)["spec"]["suspend"])
    space.patch_job(cron={"suspend": False})
    space.until("resumed", lambda: not cron_job(space)["spec"]["suspend"])

    space.set_template(run_template("web:2"))
    space.until("the new template", lambda: _image(cron_job(space)) == "web:2")
    assert len(space.revisions()) == 2
    assert space.updates() == []


def _image(found: Object) -> str:
    pod = found["spec"]["jobTemplate"]["spec"]["template"]
    return str(pod["spec"]["containers"][0]["image"])


def test_a_template_waits_for_its_parent_and_a_suspension_does_not(space: Space) -> None:
    made(space)
    space.kubectl("create", "job", "web-m1", "--from=cronjob/web")
    ran = wait_run(space, "the end of web-m1", lambda run: "finishedAt" in run)
    expected = "echelon.dev/expected-parent"
    change: Object = {
        "metadata": {"annotations": {expected: "web-of-somebody-else"}},
        "spec": {"template": run_template("web:2"), "cron": {"suspend": True}},
    }
    space.api.patch(space.path("echelonjobs", "web"), change)
    waiting = space.wait_job("the wait", lambda job: is_true(job, "UpdatePending"))
    assert condition(waiting, "UpdatePending")["reason"] == "ParentMismatch"
    space.until("suspended", lambda: cron_job(space)["spec"]["suspend"])
    assert image_of(cron_job(space)) == "web:1"
    note = {"metadata": {"annotations": {expected: ran["status"]["currentRevision"]}}}
    space.api.patch(space.path("echelonjobs", "web"), note)
    space.until("the new template", lambda: image_of(cron_job(space)) == "web:2")
    assert cron_job(space)["spec"]["suspend"]
    assert condition(settled(space), "Ready")["reason"] == "Suspended"


def image_of(cron_job: Object) -> str:
    pod = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return str(pod["containers"][0]["image"])


def test_a_cron_job_that_somebody_changed_or_deleted_comes_back(space: Space) -> None:
    before = made(space)
    path = space.path("cronjobs", "web")
    space.api.patch(path, {"spec": {"concurrencyPolicy": "Allow", "suspend": True}})
    space.until("mended", lambda: cron_job(space)["spec"] == before["spec"])
    space.api.delete(path, {"preconditions": {"uid": before["metadata"]["uid"]}})
    space.until("made again", lambda: space.exists("cronjobs", "web"))
    assert is_true(settled(space), "Ready")


def test_a_bad_schedule_is_said_with_the_servers_words(space: Space) -> None:
    space.create(cron("61 * * * *"))
    stalled = space.wait_job("Stalled", lambda job: is_true(job, "Stalled"))
    assert "spec.schedule" in condition(stalled, "Stalled")["message"]
    assert not space.exists("cronjobs", "web")
    space.patch_job(cron={"schedule": "0 0 1 1 *", "timeZone": "Mars/Olympus"})
    space.wait_job(
        "the time zone", lambda job: "timeZone" in condition(job, "Stalled").get("message", "")
    )
    space.patch_job(cron={"timeZone": None})
    space.wait_ready()
    assert space.exists("cronjobs", "web")


def test_a_strangers_cron_job_is_left_alone(space: Space) -> None:
    wish = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "web"},
        "spec": {
            "schedule": "0 0 1 1 *",
            "jobTemplate": {
                "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [
                    {"name": "theirs", "image": "theirs:1"}]}}}
            },
        },
    }  # fmt: skip
    space.api.create(space.path("cronjobs"), wish)
    space.create(cron())
    space.wait_job(
        "the conflict",
        lambda job: "CronJob web belongs to" in condition(job, "Reconciling").get("message", ""),
    )
    assert _image(cron_job(space)) == "theirs:1"


def test_a_run_at_its_time_while_the_operator_is_killed(space: Space, operator: Operator) -> None:
    space.create(cron(EVERY_MINUTE))
    space.wait_job("kept", lambda job: is_true(job, "Ready"))
    operator.kill9()
    space.until("a run began without the operator", lambda: names(space), ONE)
    operator.start()
    name = names(space)[0]
    done = wait_run(
        space,
        "the run is recorded",
        lambda run: run.get("name") == name and run.get("reason") == "Succeeded",
    )
    assert last(done)["succeeded"] == 2
    assert done["status"]["lastScheduledAt"]
    assert done["status"]["currentRevision"] == done["status"]["updateRevision"]
    assert names(space) == [name]
    space.patch_job(cron={"suspend": True})
    assert is_true(settled(space), "Ready")


def test_kill_existing_ends_the_run_when_the_next_is_due(space: Space, operator: Operator) -> None:
    space.create(cron(EVERY_MINUTE, exits=False))
    first = last(wait_run(space, "active", lambda run: run.get("active") == 2, ONE))["name"]
    begun = scheduled(runs(space)[0])
    space.until("the first is going", lambda: _is_going(space, first), ONE)
    operator.kill9()
    operator.start()
    wait_run(
        space, "the next", lambda run: run.get("name") != first and run.get("active") == 2, ONE
    )
    (second,) = runs(space)
    assert scheduled(second) == begun + 60
    assert set(lives(space).values()) == {1}
    assert is_true(space.job(), "Reconciling")
    space.until("an Event", lambda: "KillingRun" in event_reasons(space))
    space.patch_job(cron={"suspend": True})


def _is_going(space: Space, name: str) -> bool:
    found = {run["metadata"]["name"]: run["metadata"] for run in runs(space)}
    return name not in found or "deletionTimestamp" in found[name]


def test_cancel_new_leaves_the_active_run_alone(space: Space) -> None:
    space.create(cron(EVERY_MINUTE, exits=False, collisionPolicy="CancelNew"))
    first = last(wait_run(space, "active", lambda run: run.get("active") == 2, ONE))["name"]
    uid = runs(space)[0]["metadata"]["uid"]
    space.until(
        "the next one was skipped",
        lambda: "JobAlreadyActive" in event_reasons(space),
        TWO,
    )
    (only,) = runs(space)
    assert (only["metadata"]["name"], only["metadata"]["uid"]) == (first, uid)
    assert "deletionTimestamp" not in only["metadata"]
    space.patch_job(cron={"suspend": True})
