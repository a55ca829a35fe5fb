"""Job gates: a real batch/v1 Job, whose pods are played by the node simulator."""

from __future__ import annotations

from tests.integration.gates.manifests import gate, gated, state, turn
from tests.integration.harness.manifests import Object, batch, sim
from tests.integration.harness.space import Space


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
    assert len(made) == 2, "one for each group"
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
    assert set(space.pods()) == {0, 1, 2, 3}, "its pods are no instances"
    # They go with the Update.
    space.api.delete(space.path("updates", "web-g2"))
    space.cluster.wait("no Jobs", lambda: not batch_jobs(space), 40)


def test_a_job_that_fails_rolls_back(space: Space) -> None:
    smoke = gate("smoke", job={"template": runs(3)}, failures=3)
    space.made(gated(smoke, rollbackOnFailure=True))
    ended = space.roll("web:2", timeout=60)
    assert ended["status"]["phase"] == "RolledBack"
    said = turn(ended, "RollingBack")["message"]
    assert "gate smoke failed: the Job failed (BackoffLimit" in said
    assert len(batch_jobs(space)) == 3, "each verdict is another Job's"


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
    assert "no verdict within 4s: running" in held["status"]["message"]
    space.api.patch(space.path("updates", "web-g2"), {"spec": {"action": "Abort"}})
    space.wait_update("Aborted")


def test_a_template_that_is_no_job_is_no_verdict(space: Space) -> None:
    wrong = runs(0)
    wrong["spec"]["template"]["spec"]["containers"][0]["image"] = ""
    smoke = gate("smoke", job={"template": wrong}, timeoutSeconds=3)
    space.made(gated(smoke, instances=1))
    space.set_image("web:2")
    held = space.wait_update("RollForwardPaused", timeout=60)
    assert "image: Required value" in held["status"]["message"]
