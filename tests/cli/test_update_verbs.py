"""``echelon update pause|resume|abort|rollback|pulse|retry`` on a real API server."""

from __future__ import annotations

from datetime import UTC, datetime

from hack.harness.manifests import batch, is_true, job, phase, queue, sim, update
from hack.harness.operator import Operator
from hack.harness.patience import patient
from hack.harness.space import Space
from tests.cli.echelon import Echelon


def moving(space: Space) -> str:
    """The name of an Update that has updated instance 0, and goes on when `go_on` lets it."""
    space.made(job(instances=3, update={"readyTimeoutSeconds": 0}))
    space.set_image("web:2", behaviour="never-ready", instances="1")
    found = space.wait_update(
        "RollingForward",
        probe=lambda u: (
            u["status"]["instances"].get("updated") == "0"
            and u["status"]["instances"].get("updating") == "1"
        ),
    )
    name: str = found["metadata"]["name"]
    return name


def go_on(space: Space) -> None:
    """Let instance 1 become Ready."""
    space.until("the pod", lambda: (pod := space.pods().get(1)) and pod.image == "web:2")
    space.patch_pod("web-1", annotations=sim(behaviour="ready"))


def auto_paused(space: Space) -> str:
    """The name of an Update that the operator has paused after its first batch."""
    space.made(job(instances=4, strategy={**batch(2), "autoPause": True}))
    name: str = space.roll("web:2", "RollForwardPaused")["metadata"]["name"]
    space.wait_update(
        "RollForwardPaused", name=name, probe=lambda u: u["status"]["reason"] == "AutoPaused"
    )
    return name


def failed(space: Space) -> str:
    """The name of an Update that stopped because instance 1 was not Ready in time."""
    policy = {"readyTimeoutSeconds": 1, "maxFailuresPerInstance": 0, "rollbackOnFailure": False}
    space.made(job(instances=3, strategy=queue(1), update=policy))
    space.set_image("web:2", behaviour="ready-after", ready_after="4s", instances="1")
    name: str = space.wait_update("Failed", timeout=30)["metadata"]["name"]
    return name


def test_pause_and_resume(space: Space, echelon: Echelon) -> None:
    name = moving(space)
    paused = echelon("update", "pause", "web", "-m", "lunch", check=0)
    assert paused.out.startswith(f"update.echelon.dev/{name} paused: ")
    assert "paused by kubectl-echelon (field manager)" in paused.out
    assert f"echelon update resume {name}" in paused.err
    held = space.update(name)
    assert phase(held) == "RollForwardPaused"
    assert held["spec"]["message"] == "lunch"

    again = echelon("update", "pause", name, check=0)
    assert (again.out, "paused already" in again.err) == ("", True)

    resumed = echelon("update", "resume", "web", check=0)
    assert resumed.out.startswith(f"update.echelon.dev/{name} resumed")
    assert space.update(name)["spec"]["paused"] is False
    go_on(space)
    space.wait_update("RolledForward", name=name)


def test_resume_of_what_is_not_paused(space: Space, echelon: Echelon) -> None:
    name = moving(space)
    before = space.update(name)["metadata"]["generation"]
    refused = echelon("update", "resume", name, check=6)
    assert f"Update {name} is not paused: it is RollingForward" in refused.err
    assert space.update(name)["metadata"]["generation"] == before, "nothing was written"


def test_resume_ends_a_pause_of_the_operator(space: Space, echelon: Echelon) -> None:
    name = auto_paused(space)
    resumed = echelon("update", "resume", "web", check=0)
    assert resumed.out.startswith(f"update.echelon.dev/{name} resumed")
    assert "the next batch starts" in resumed.err
    done = space.wait_update("RolledForward", name=name)
    assert done["status"]["observedResumeToken"] == done["spec"]["resumeToken"]


def test_two_pauses_are_ended_one_by_one(space: Space, echelon: Echelon) -> None:
    name = auto_paused(space)
    paused = echelon("update", "pause", name, check=0)
    assert "both pauses must be ended" in paused.err
    by_hand = echelon("update", "resume", name, check=0)
    assert "batch 1 is done" in by_hand.out
    assert phase(space.update(name)) == "RollForwardPaused"
    echelon("update", "resume", name, check=0)
    space.wait_update("RolledForward", name=name)


def test_abort(space: Space, echelon: Echelon) -> None:
    name = moving(space)
    aborted = echelon("update", "abort", name, "-m", "wrong image", check=0)
    assert aborted.out.startswith(f"update.echelon.dev/{name} aborted: aborted by ")
    assert "wrong image" in aborted.out
    assert phase(space.update(name)) == "Aborted"
    again = echelon("update", "abort", "web", check=0)
    assert f"Update {name} was aborted already" in again.err
    for verb in ("pause", "resume", "rollback", "pulse"):
        late = echelon("update", verb, name, check=6)
        assert f"Update {name} has ended (Aborted)" in late.err


def test_rollback(space: Space, echelon: Echelon) -> None:
    name = moving(space)
    back = echelon("update", "rollback", "web", check=0)
    assert back.out.startswith(f"update.echelon.dev/{name} roll")
    done = space.wait_update("RolledBack", name=name)
    assert done["spec"]["action"] == "Rollback"
    again = echelon("update", "rollback", name, check=0)
    assert "was rolled back already" in again.err
    assert {pod.image for pod in space.pods().values()} == {"web:1"}


def test_rollback_ends_the_pause_and_can_be_waited_for(space: Space, echelon: Echelon) -> None:
    name = moving(space)
    echelon("update", "pause", name, check=0)
    back = echelon("update", "rollback", name, "--wait", "--timeout", "60", check=0)
    assert "the pause ends" in back.err
    assert f"update.echelon.dev/{name} RolledBack" in back.out
    assert space.update(name)["spec"]["paused"] is False


def test_rollback_of_what_has_ended_names_the_way_back(space: Space, echelon: Echelon) -> None:
    old = space.made(job(instances=1))["status"]["currentRevision"]
    space.roll("web:2", "RolledForward")
    late = echelon("update", "rollback", "web", check=6)
    assert "has ended (RolledForward)" in late.err
    assert f"echelon update start web --revision {old}" in late.err


def test_pulse(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1, update={"pulseIntervalSeconds": 60}))
    name = space.roll("web:2", "RollForwardAwaitingPulse")["metadata"]["name"]
    wrong = echelon("update", "resume", name, check=6)
    assert f"echelon update pulse {name}" in wrong.err
    begun = datetime.now(UTC).replace(microsecond=0)
    pulsed = echelon("update", "pulse", "web", check=0)
    assert pulsed.out.startswith(f"update.echelon.dev/{name} pulsed")
    assert "due within 60s" in pulsed.err
    written = space.update(name)["metadata"]["annotations"]["echelon.dev/pulsed-at"]
    assert begun <= datetime.fromisoformat(written)
    space.wait_update("RolledForward", name=name)


def test_pulse_of_what_needs_none(space: Space, echelon: Echelon) -> None:
    name = moving(space)
    refused = echelon("update", "pulse", name, check=6)
    assert "needs no pulses" in refused.err


def test_retry(space: Space, echelon: Echelon) -> None:
    name = failed(space)
    target = space.update(name)["status"]["to"]["revision"]
    policy = space.job()["spec"]["update"] | {"readyTimeoutSeconds": 60}
    space.patch_job(update=policy)
    first = space.pods()[0].uid
    retried = echelon("update", "retry", "web", "--wait", "--timeout", "60", check=0)
    assert f"created: instance 1 to {target}" in retried.out
    assert "RolledForward: 1 of 1 instances updated" in retried.out
    made = next(u for u in space.updates() if u["metadata"]["name"].startswith(f"{name}-retry-"))
    spec = made["spec"]
    assert (spec["instances"], spec["revision"], spec["force"]) == ("1", target, True)
    assert spec["message"] == f"retry of {name}"
    assert space.pods()[0].uid == first, "the others are left alone"


def test_retry_of_what_did_not_fail(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=1))
    space.roll("web:2", "RolledForward")
    refused = echelon("update", "retry", "web-g2", check=6)
    assert "no instance of Update web-g2 failed" in refused.err
    assert f"echelon job retry web -n {space.name}" in refused.err
    assert len(space.updates()) == 1


def test_retry_beside_an_active_update(space: Space, echelon: Echelon) -> None:
    name = failed(space)
    space.patch_job(update=space.job()["spec"]["update"] | {"pulseIntervalSeconds": 60})
    space.create(update("other", restart=True))
    space.wait_update("RollForwardAwaitingPulse", name="other")
    refused = echelon("update", "retry", name, check=6)
    assert "Update other of Job web is active" in refused.err
    assert f"echelon update wait other -n {space.name}" in refused.err


# Refusals and errors.


def test_what_the_api_server_refuses(space: Space, echelon: Echelon) -> None:
    name = moving(space)
    refused = echelon("update", "pause", name, "-m", "x" * 1025, check=6)
    assert "spec.message" in refused.err
    assert phase(space.update(name)) == "RollingForward"


def test_a_missing_right_is_named(space: Space) -> None:
    name = moving(space)
    reader = Echelon(space.cluster.client_kubeconfig("reader"), space.name)
    nothing = reader("update", "list", check=1)
    assert f"the verb list on updates.echelon.dev in namespace {space.name}" in nothing.err
    rules = ["--verb=get,list,watch", "--resource=updates.echelon.dev,echelonjobs.echelon.dev"]
    space.kubectl("create", "role", "reader", *rules)
    space.kubectl("create", "rolebinding", "reader", "--role=reader", "--user=reader")
    space.cluster.wait("the right", lambda: reader("update", "get", name).code == 0)
    refused = reader("update", "pause", name, check=6)
    assert "the verb patch on updates.echelon.dev" in refused.err


def test_an_operator_that_does_not_answer(
    space: Space, echelon: Echelon, operator: Operator
) -> None:
    name = moving(space)
    operator.stop()
    late = echelon("update", "pause", name, check=0)
    assert late.out == f"update.echelon.dev/{name} pause requested\n"
    assert "not carried out yet after 5s" in late.err
    assert "kubectl get lease" in late.err
    space.create(update("unseen", restart=True))
    space.cluster.wait(
        "an old Update", lambda: "no operator has looked" in echelon("update", "get", "unseen").out
    )
    dead = echelon("update", "abort", "unseen", check=1)
    assert "Update unseen: abort is written, but no operator has looked at it" in dead.err
    assert "kubectl get lease" in dead.err
    operator.start()
    space.wait_update("RollForwardPaused", name=name)
    space.wait_update("Aborted", name="unseen")


def test_6_a_verb_that_the_operator_refuses(
    space: Space, echelon: Echelon, operator: Operator
) -> None:
    name = auto_paused(space)
    operator.freeze()
    try:
        # Legal as the status is; but when the operator reads the token, the next batch has been
        # let go already.
        resuming = echelon.start("update", "resume", name)
        space.cluster.wait("the token", lambda: space.update(name)["spec"].get("resumeToken"))
        released = {"status": {"batch": {"released": True}}}
        done = space.api.patch(space.path("updates", name, "status"), released)
        space.observer.not_the_operator(done["metadata"]["resourceVersion"])
    finally:
        operator.thaw()
    out, err = resuming.communicate(timeout=patient(60))
    assert resuming.returncode == 6, out + err
    assert "error: resumeToken has no effect: " in err
    space.wait_update("RolledForward", name=name, probe=lambda u: is_true(u, "VerbRefused"))
