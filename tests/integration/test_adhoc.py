"""Adhoc Jobs on the real API server and Kubernetes' own controller of batch/v1 Jobs."""

from __future__ import annotations

from hack.harness.manifests import adhoc, condition, is_true, run_template, update
from hack.harness.operator import Operator
from hack.harness.space import Space
from tests.integration.runs import (
    ended,
    event_reasons,
    last,
    lives,
    names,
    running,
    runs,
    settled,
    wait_run,
)


def test_a_run_of_all_instances_succeeds_once(space: Space) -> None:
    space.create(adhoc(instances=3))
    done = ended(space, "web-r1")
    assert is_true(settled(space), "Ready")
    run = last(done)
    assert {k: run[k] for k in ("instances", "succeeded", "failed", "active")} == {
        "instances": 3,
        "succeeded": 3,
        "failed": 0,
        "active": 0,
    }
    assert run["revision"] == done["status"]["currentRevision"] == done["status"]["updateRevision"]
    assert not {"assigned", "revisions", "slots"} & set(done["status"])
    (made,) = runs(space)
    spec = made["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 3, 3)
    assert (spec["backoffLimitPerIndex"], spec["podReplacementPolicy"]) == (0, "Failed")
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("EchelonJob", done["metadata"]["uid"])
    space.until("Events", lambda: {"RunStarted", "RunSucceeded"} <= event_reasons(space))
    assert "ForeignPod" not in event_reasons(space)
    assert space.updates() == []


def test_a_pod_of_a_run_knows_its_instance_and_is_none_of_a_service(space: Space) -> None:
    wish = adhoc(exits=False)
    container = wish["spec"]["template"]["spec"]["containers"][0]
    container["args"] = ["--shard={{echelon.instance}}/{{echelon.instances}}"]
    space.create(wish)
    running(space, "web-r1")
    pods = space.api.get(space.path("pods"))["items"]
    for pod in pods:
        assert "echelon.dev/instance" not in pod["metadata"]["labels"]
        assert pod["metadata"]["labels"]["echelon.dev/job"] == "web"
        assert pod["spec"]["containers"][0]["args"] == ["--shard=$(ECHELON_INSTANCE)/2"]
        variable = pod["spec"]["containers"][0]["env"][0]
        path = variable["valueFrom"]["fieldRef"]["fieldPath"]
        assert (variable["name"], path) == (
            "ECHELON_INSTANCE",
            "metadata.annotations['batch.kubernetes.io/job-completion-index']",
        )
    assert len(pods) == 2


def test_a_failed_run_needs_a_person_and_a_new_template_runs_again(space: Space) -> None:
    space.create(adhoc(code=3, maxTaskFailures=1))
    done = ended(space, "web-r1", "FailedIndexes", timeout=90)
    assert last(done)["failed"] == 2
    assert condition(settled(space), "Stalled")["reason"] == "FailedIndexes"
    assert runs(space)[0]["status"]["failed"] == 4  # pods: each instance was tried twice
    space.set_template(run_template("web:2"))
    ended(space, "web-r2")
    assert is_true(settled(space), "Ready")


def test_a_template_waits_for_the_parent_that_it_expects(space: Space) -> None:
    space.create(adhoc())
    current = ended(space, "web-r1")["status"]["currentRevision"]
    expected = "echelon.dev/expected-parent"
    change = {
        "metadata": {"annotations": {expected: "web-of-somebody-else"}},
        "spec": {"template": run_template("web:2")},
    }
    space.api.patch(space.path("echelonjobs", "web"), change)
    waiting = space.wait_job("the wait", lambda job: is_true(job, "UpdatePending"))
    assert condition(waiting, "UpdatePending")["reason"] == "ParentMismatch"
    assert is_true(waiting, "Ready")
    assert names(space) == ["web-r1"]
    note = {"metadata": {"annotations": {expected: current}}}
    space.api.patch(space.path("echelonjobs", "web"), note)
    ended(space, "web-r2")
    assert not is_true(settled(space), "UpdatePending")


def test_a_deadline_ends_a_run(space: Space) -> None:
    space.create(adhoc(exits=False, deadlineSeconds=2))
    done = ended(space, "web-r1", "DeadlineExceeded")
    assert last(done)["failed"] == 2


def test_a_new_retry_token_runs_the_same_template_again(space: Space) -> None:
    space.create(adhoc())
    first = ended(space, "web-r1")
    space.patch_job(update={"retryToken": "again"})
    second = ended(space, "web-r2")
    assert last(first)["revision"] == last(second)["revision"]
    space.patch_job(instances=3)  # counts from the next run
    settled(space)
    assert names(space) == ["web-r1", "web-r2"]


def test_cancel_new_waits_for_the_run_that_is_active(space: Space) -> None:
    space.create(adhoc(exits=False))
    running(space, "web-r1")
    space.set_template(run_template("web:2"))
    waiting = space.wait_job(
        "the new template waits",
        lambda job: "runs after it" in condition(job, "Reconciling").get("message", ""),
    )
    assert last(waiting)["name"] == "web-r1"
    assert len(space.revisions()) == 2
    for pod in space.api.get(space.path("pods"))["items"]:
        space.patch_pod(
            pod["metadata"]["name"],
            annotations={"sim.echelon.dev/behaviour": "exit", "sim.echelon.dev/exit-code": "0"},
        )
    ended(space, "web-r2")
    first, second = runs(space)
    assert first["status"]["completionTime"] <= second["metadata"]["creationTimestamp"]


def test_kill_existing_ends_the_active_run_before_the_next_begins(space: Space) -> None:
    space.create(adhoc(exits=False, collisionPolicy="KillExisting"))
    running(space, "web-r1")
    wish = run_template("web:2", exits=False)
    space.set_template(wish)
    running(space, "web-r2")
    assert set(lives(space).values()) == {1}
    assert names(space) == ["web-r2"]
    space.until("an Event", lambda: "KillingRun" in event_reasons(space))


def test_a_killed_operator_makes_no_second_run(space: Space, operator: Operator) -> None:
    space.create(adhoc(exits=False))
    running(space, "web-r1")
    operator.kill9()
    operator.start()
    space.patch_job(update={"retryToken": "again"}, collisionPolicy="KillExisting")
    space.until("the run is going", lambda: names(space) != ["web-r1"] or _going(space))
    operator.kill9()
    operator.start()
    running(space, "web-r2")
    assert names(space) == ["web-r2"]
    assert set(lives(space).values()) == {1}


def _going(space: Space) -> bool:
    return any("deletionTimestamp" in run["metadata"] for run in runs(space))


def test_a_bad_template_is_refused_and_the_active_run_goes_on(space: Space) -> None:
    space.create(adhoc(exits=False, collisionPolicy="KillExisting"))
    running(space, "web-r1")
    wish = run_template("web:2")
    wish["spec"]["containers"][0]["workingDir"] = "/data/{{echelon.instance}}"
    space.set_template(wish)
    refused = space.wait_job("refused", lambda job: is_true(job, "Stalled"))
    words = condition(refused, "Stalled")
    assert words["reason"] == "InvalidTemplate"
    assert "template.spec.containers[0].workingDir" in words["message"]
    wish["spec"]["containers"][0] |= {"workingDir": "/data", "imagePullPolicy": "Sometimes"}
    space.set_template(wish)
    space.wait_job(
        "refused by the API server",
        lambda job: "imagePullPolicy" in condition(job, "Stalled").get("message", ""),
    )
    assert names(space) == ["web-r1"]


def test_an_update_of_it_is_rejected(space: Space) -> None:
    space.create(adhoc())
    ended(space, "web-r1")
    space.create(update("mine", restart=True))
    rejected = space.wait_update("Rejected", name="mine")
    assert rejected["status"]["reason"] == "NotSupported"


def test_a_run_that_somebody_deleted_says_so(space: Space) -> None:
    space.create(adhoc(exits=False))
    running(space, "web-r1")
    space.kubectl("delete", "job", "web-r1", "--cascade=foreground")
    ended(space, "web-r1", "Deleted")
    assert condition(settled(space), "Stalled")["reason"] == "Deleted"


def test_old_runs_are_deleted_and_the_job_takes_all_with_it(space: Space) -> None:
    space.create(adhoc(updateHistoryLimit=1))
    ended(space, "web-r1")
    for number in (2, 3):
        space.patch_job(update={"retryToken": str(number)})
        ended(space, f"web-r{number}")
    space.until("the history is short", lambda: names(space) == ["web-r3"])
    space.kubectl("delete", "ejob", "web", "--cascade=foreground", "--timeout=120s")
    space.until("all is gone", lambda: names(space) == [])


def test_a_lost_status_does_not_run_the_template_again(space: Space, operator: Operator) -> None:
    space.create(adhoc())
    ended(space, "web-r1")
    operator.stop()
    space.write_status({"lastRun": None, "lastAttempt": None, "currentRevision": None})
    operator.start()
    wait_run(space, "the run is known again", lambda run: run.get("succeeded") == 2)
    settled(space)
    assert names(space) == ["web-r1"]
