"""What users see: Events, conditions, columns and metrics show what happened and why."""

from __future__ import annotations

from hack.harness.manifests import Object, condition, is_true, job, queue
from hack.harness.operator import Operator
from hack.harness.space import Space

QUICK = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}


def reasons(space: Space, about: str) -> dict[str, str]:
    """Reason -> type of the Events about an object."""
    return {event["reason"]: event["type"] for event in space.events(about)}


def told(space: Space, about: str, *expected: str) -> dict[str, str]:
    space.cluster.wait(
        f"Events {expected} about {about}", lambda: set(expected) <= set(reasons(space, about)), 10
    )
    return reasons(space, about)


def test_events_tell_of_an_update_that_succeeds(space: Space) -> None:
    space.made(job(instances=2))
    space.roll("web:2", "RolledForward")
    on_job = told(space, "web", "Created", "UpdateStarted", "UpdateRolledForward")
    on_update = told(space, "web-g2", "RollingForward", "RolledForward")
    assert set(on_job.values()) | set(on_update.values()) == {"Normal"}
    (event,) = [e for e in space.events("web-g2") if e["reason"] == "RolledForward"]
    assert event["regarding"]["kind"] == "Update"
    assert event["regarding"]["uid"] == space.update("web-g2")["metadata"]["uid"]
    assert event["reportingController"].startswith("echelon.dev/")
    assert "2 of 2" in event["note"]


def test_events_tell_of_an_update_that_fails(space: Space) -> None:
    space.made(job(instances=2, update=QUICK))
    space.roll("web:2-never-ready", "RolledBack")
    on_update = told(space, "web-g2", "InstanceFailed", "RollingBack", "RolledBack")
    assert on_update["RollingForward"] == "Normal"
    for reason in ("InstanceFailed", "RollingBack", "RolledBack"):
        assert on_update[reason] == "Warning"
    assert told(space, "web", "UpdateRolledBack")["UpdateRolledBack"] == "Warning"
    (failed,) = [e for e in space.events("web-g2") if e["reason"] == "InstanceFailed"]
    assert "instance 0" in failed["note"]


def test_an_event_tells_of_a_scale(space: Space) -> None:
    space.made(job(instances=1))
    space.scale(3)
    assert told(space, "web", "Scaled")["Scaled"] == "Normal"
    (event,) = [e for e in space.events("web") if e["reason"] == "Scaled"]
    assert "from 1 to 3" in event["note"]


def test_an_event_tells_of_an_invalid_template(space: Space) -> None:
    bad = job(instances=1)
    bad["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 99999}]
    space.create(bad)
    space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    space.cluster.wait(
        "a warning that names the field",
        lambda: any(
            "containerPort" in event["note"] and event["type"] == "Warning"
            for event in space.events("web")
        ),
        10,
    )


def test_get_ejob_and_eup_alone_tell_the_story(space: Space) -> None:
    space.made(job(instances=3, update=QUICK))
    space.roll("web:2", "RolledForward")
    space.roll("web:3-never-ready", "RolledBack")
    space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    shown = space.kubectl("get", "ejob,eup").splitlines()
    (the_job,) = [line for line in shown if line.startswith("echelonjob.echelon.dev/web")]
    (good,) = [line for line in shown if line.startswith("update.echelon.dev/web-g2")]
    (bad,) = [line for line in shown if line.startswith("update.echelon.dev/web-g3")]
    assert "RolledBack" in the_job
    assert "instance 0" in the_job
    assert "RolledForward" in good
    assert "RolledBack" in bad
    assert "instance 0 failed" in bad
    assert space.kubectl("get", "echelon", "-o", "name").split() == [
        "echelonjob.echelon.dev/web",
        "update.echelon.dev/web-g2",
        "update.echelon.dev/web-g3",
    ]


def table(obj: Object) -> dict[str, bool]:
    names = ("Ready", "Reconciling", "Stalled", "Complete", "Succeeded", "Failed")
    return {name: is_true(obj, name) for name in names}


def test_the_conditions_of_job_and_update_in_each_phase(space: Space) -> None:
    space.made(job(instances=3, strategy=queue(1), min_ready=1, update=QUICK))
    space.set_image("web:2", behaviour="never-ready", instances="1")
    rolling = space.wait_update("RollingForward", probe=lambda u: "conditions" in u["status"])
    moving = {
        "Ready": False,
        "Reconciling": True,
        "Stalled": False,
        "Complete": False,
        "Succeeded": False,
        "Failed": False,
    }
    assert table(rolling) == moving
    busy = space.wait_job(
        "RollingForward", lambda j: condition(j, "Reconciling").get("reason") == "RollingForward"
    )
    assert is_true(busy, "Reconciling")
    assert not is_true(busy, "Ready")
    back = space.wait_update("RollingBack", timeout=30)
    assert table(back) == moving
    ended = space.wait_update("RolledBack", timeout=30)
    assert table(ended) == {
        "Ready": False,
        "Reconciling": False,
        "Stalled": True,
        "Complete": True,
        "Succeeded": False,
        "Failed": True,
    }
    stalled = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert is_true(stalled, "RolledBack")
    assert not is_true(stalled, "Ready")
    good = space.roll("web:3", "RolledForward")
    assert table(good) == {
        "Ready": True,
        "Reconciling": False,
        "Stalled": False,
        "Complete": True,
        "Succeeded": True,
        "Failed": False,
    }
    ready = space.wait_ready()
    assert not is_true(ready, "Stalled")
    assert not is_true(ready, "RolledBack")
    for one in [*good["status"]["conditions"], *ready["status"]["conditions"]]:
        assert one["observedGeneration"] >= 1
        assert one["reason"]


def test_a_condition_keeps_its_transition_time_while_its_status_stays(space: Space) -> None:
    before = condition(space.made(job(instances=2)), "Ready")
    space.patch_job(revisionHistoryLimit=4)
    after = space.wait_job("seen", lambda j: j["status"]["observedGeneration"] == 2)
    assert condition(after, "Ready")["lastTransitionTime"] == before["lastTransitionTime"]
    assert condition(after, "Ready")["observedGeneration"] == 2


def test_kubectl_wait_and_rollout_tools_can_wait_for_a_job(space: Space) -> None:
    space.create(job(instances=2))
    space.kubectl("wait", "--for=condition=Ready", "ejob/web", "--timeout=180s")
    assert is_true(space.job(), "Ready")


def test_metrics_count_what_was_done(space: Space, operator: Operator) -> None:
    space.made(job(instances=2))
    space.roll("web:2", "RolledForward")
    shown = operator.metrics()
    for name in (
        "echelon_reconcile_seconds",
        "echelon_queue_depth",
        "echelon_queue_oldest_seconds",
        "echelon_api_request",
        "echelon_updates",
        "echelon_instances",
        "echelon_informer_lag_seconds",
    ):
        assert name in shown, name
    assert operator.probe("healthz")
    assert operator.probe("readyz")


def test_the_log_names_job_and_update(space: Space, operator: Operator) -> None:
    since = operator.log_size()
    space.made(job(instances=1))
    space.roll("web:2", "RolledForward")
    operator.wait("the line", lambda: "RolledForward" in operator.said(since), 5)
    lines = [line for line in operator.said(since).splitlines() if "RolledForward" in line]
    assert any(f"job={space.name}/web" in line for line in lines)
    assert any("update=" in line and "web-g2" in line for line in lines)
