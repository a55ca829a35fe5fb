"""Job gates: a real batch/v1 Job, whose pods the node simulator runs."""

from __future__ import annotations

from hack.harness.manifests import Object, batch, condition, is_true, sim, update
from hack.harness.space import Space
from tests.integration.gates.manifests import gate, gated, state, turn


def runs(code: int, **steering: str) -> Object:
    """A JobTemplateSpec whose pod ends with an exit code."""
    ends = {"behaviour": "exit", "exit_after": "300ms", "exit_code": code, **steering}
    containers = [{"name": "smoke", "image": "smoke:1", "args": ["{{echelon.revision}}"]}]
    pod = {
        "metadata": {"annotations": sim(**ends), "labels": {"echelon.dev/job": "web", "app": "t"}},
        "spec": {"restartPolicy": "Never", "containers": containers},
    }
    return {
        "metadata": {"labels": {"team": "web"}},
        "spec": {"backoffLimit": 0, "template": pod},
    }


def batch_jobs(space: Space) -> list[Object]:
    path = f"/apis/batch/v1/namespaces/{space.name}/jobs"
    found: list[Object] = space.api.get(path)["items"]
    return sorted(found, key=lambda job: job["metadata"]["annotations"]["echelon.dev/group"])


def test_a_job_that_completes_lets_the_next_group_go(space: Space) -> None:
    space.made(gated(gate("smoke", job={"template": runs(0)}), instances=4, strategy=batch(2)))
    ended = space.roll("web:2", timeout=60)
    assert ended["status"]["phase"] == "RolledForward"
    assert state(ended, "smoke")["value"] == "Complete"
    made = batch_jobs(space)
    assert len(made) == 2, "one Job for each group"
    for group, each in enumerate(made):
        meta = each["metadata"]
        assert meta["name"].startswith("web-smoke-")
        assert meta["annotations"]["echelon.dev/group"] == str(group)
        assert meta["annotations"]["echelon.dev/revision"] == ended["status"]["to"]["revision"]
        assert meta["labels"]["team"] == "web"
        (owner,) = meta["ownerReferences"]
        assert (owner["kind"], owner["uid"]) == ("Update", ended["metadata"]["uid"])
        (container,) = each["spec"]["template"]["spec"]["containers"]
        assert container["args"] == [ended["status"]["to"]["revision"]]
        assert "echelon.dev/job" not in each["spec"]["template"]["metadata"]["labels"]
    assert set(space.pods()) == {0, 1, 2, 3}, "the pods of the gate's Job are no instances"
    # The Jobs are deleted with the Update.
    space.api.delete(space.path("updates", "web-g2"))
    space.cluster.wait("no Jobs", lambda: not batch_jobs(space), 40)


def test_a_job_that_fails_rolls_back(space: Space) -> None:
    smoke = gate("smoke", job={"template": runs(3)}, failures=3)
    space.made(gated(smoke, rollbackOnFailure=True))
    ended = space.roll("web:2", timeout=60)
    assert ended["status"]["phase"] == "RolledBack"
    said = turn(ended, "RollingBack")["message"]
    assert "gate smoke failed after group 1: the Job failed (BackoffLimit" in said
    assert len(batch_jobs(space)) == 3, "each answer needs its own Job"


def test_as_many_jobs_as_successes_are_wanted(space: Space) -> None:
    smoke = gate("smoke", job={"template": runs(0)}, successes=2)
    space.made(gated(smoke, instances=1))
    ended = space.roll("web:2", timeout=60)
    assert ended["status"]["phase"] == "RolledForward"
    assert state(ended, "smoke")["successes"] == 2
    assert len({each["metadata"]["name"] for each in batch_jobs(space)}) == 2


def test_a_job_that_goes_on_is_no_verdict(space: Space) -> None:
    endless = gate("smoke", job={"template": runs(0, exit_after="1h")}, timeoutSeconds=4)
    space.made(gated(endless, instances=1))
    space.set_image("web:2")
    held = space.wait_update("RollForwardPaused", timeout=60)
    assert "running (no verdict within 4s)" in held["status"]["message"]
    space.api.patch(space.path("updates", "web-g2"), {"spec": {"action": "Abort"}})
    space.wait_update("Aborted")


def test_a_template_that_is_no_job_is_refused_before_anything_is_touched(space: Space) -> None:
    wrong, good = runs(0), gate("smoke", job={"template": runs(0)})
    wrong["spec"]["template"]["spec"]["containers"][0]["image"] = ""
    bad = gate("smoke", job={"template": wrong}, timeoutSeconds=3)
    space.create(gated(bad, instances=1))
    stalled = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    why = condition(stalled, "Stalled")
    assert why["reason"] == "InvalidGate"
    assert "gate smoke: " in why["message"]
    assert "image: Required value" in why["message"]
    assert space.observer.incarnations() == {}
    # With a corrected policy the Job comes up; a bad policy later holds back the next template.
    space.patch_job(update={"gates": [good]})
    space.wait_ready()
    space.patch_job(update={"gates": [bad]})
    space.set_image("web:2")
    space.wait_job("Stalled", lambda j: is_true(j, "Stalled") and is_true(j, "UpdatePending"))
    space.create(update("again", restart=True))
    assert "image: Required" in space.wait_update("Rejected", name="again")["status"]["message"]
    misspelt = runs(0)
    misspelt["spec"]["backofLimit"] = 1
    own = {"gates": [gate("mine", job={"template": misspelt})]}
    space.create(update("own", policy=own))
    refused = space.wait_update("Rejected", name="own")
    said = refused["status"]["message"]
    assert said.startswith("gate mine: ")
    assert 'unknown field "spec.backofLimit"' in said
    space.patch_job(update={"gates": [good]})
    space.wait_update("RolledForward", timeout=40)
    assert {len(uids) for uids in space.observer.uids().values()} == {2}


def test_a_job_does_not_run_for_longer_than_its_gate_waits(space: Space) -> None:
    endless = gate("smoke", job={"template": runs(0, exit_after="1h")}, timeoutSeconds=3)
    space.made(gated(endless, instances=1))
    space.set_image("web:2")
    space.wait_update("RollForwardPaused", timeout=60)
    (made,) = batch_jobs(space)
    assert made["spec"]["activeDeadlineSeconds"] == 3

    def ended() -> bool:
        (job,) = batch_jobs(space)
        found = job["status"].get("conditions", ())
        return any(c["type"] == "Failed" and c["reason"] == "DeadlineExceeded" for c in found)

    space.cluster.wait("its end", ended)
    assert state(space.update("web-g2"), "smoke")["result"] == "Inconclusive"
