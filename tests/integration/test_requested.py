"""Updates that users create: mode Manual, canaries, older revisions, restarts, refused Updates."""

from __future__ import annotations

import pytest

from hack.harness.manifests import (
    Object,
    by_revision,
    condition,
    ids,
    is_true,
    job,
    phase,
    queue,
    update,
)
from hack.harness.space import Space

MANUAL: Object = {"mode": "Manual"}


def manual(space: Space, instances: int = 4) -> Object:
    """A Job in mode Manual with a changed template."""
    space.made(job(instances=instances, update=MANUAL))
    space.set_image("web:2")
    return space.wait_job("UpdatePending", lambda j: is_true(j, "UpdatePending"))


def asked(space: Space, name: str, expect: str = "RolledForward", **spec: object) -> Object:
    space.create(update(name, **spec))
    return space.wait_update(expect, name=name)


def test_a_canary_and_then_the_rest(space: Space) -> None:
    waiting = manual(space)
    assert is_true(waiting, "Ready")
    assert condition(waiting, "UpdatePending")["reason"] == "Manual"
    old, new = (waiting["status"][f"{which}Revision"] for which in ("current", "update"))
    before = {i: pod.uid for i, pod in space.pods().items()}

    canary = asked(space, "canary", instances="1")
    assert canary["status"]["to"] == {"revision": new, "instances": "1", "parent": old}
    assert canary["status"]["from"] == [{"revision": old, "instances": "1"}]
    assert ids(canary["status"]["instances"]["updated"]) == {1}
    mixed = space.wait_job(
        "mixed", lambda j: by_revision(j["status"]["revisions"]) == {old: {0, 2, 3}, new: {1}}
    )
    assert mixed["status"]["currentRevision"] == old
    after = {i: pod.uid for i, pod in space.pods().items()}
    assert {i for i in after if after[i] != before[i]} == {1}

    asked(space, "rest", parent=old)
    done = space.wait_ready()
    assert done["status"]["currentRevision"] == new
    assert {i: pod.uid for i, pod in space.pods().items()}[1] == after[1]
    assert not is_true(done, "UpdatePending")


def test_the_canarys_pod_comes_back_at_its_revision(space: Space) -> None:
    new = manual(space)["status"]["updateRevision"]
    asked(space, "canary", instances="2")
    space.api.delete(space.path("updates", "canary"))
    space.until("it to be gone", lambda: not space.exists("updates", "canary"))
    gone = space.pods()[2].uid
    space.delete_pod("web-2")
    back = space.until(
        "its successor", lambda: (p := space.pods().get(2)) and p.uid != gone and p.ready and p
    )
    assert back.revision == new


def test_back_to_an_older_revision_and_on_again(space: Space) -> None:
    old = space.made(job(instances=2))["status"]["currentRevision"]
    space.roll("web:2", "RolledForward")
    space.wait_ready()
    asked(space, "undo", revision=old)
    back = space.wait_job("the old one", lambda j: j["status"]["currentRevision"] == old)
    assert is_true(back, "Ready"), "the older revision is intended"
    newest = space.revisions()[-1]
    assert newest["metadata"]["name"] == old, "a revision that is used again is the newest"
    assert newest["data"]["spec"]["containers"][0]["image"] == "web:1"
    space.roll("web:3", "RolledForward")


def test_a_restart_ships_nothing_that_is_pending(space: Space) -> None:
    manual(space)
    before = {i: pod.uid for i, pod in space.pods().items()}
    done = asked(space, "again", restart=True, instances="0-2")
    assert "revision" not in done["status"]["to"]
    after = {i: pod.uid for i, pod in space.pods().items()}
    assert {i for i in after if after[i] != before[i]} == {0, 1, 2}
    assert {pod.image for pod in space.pods().values()} == {"web:1"}


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"instances": "3-1"}, "InvalidInstances"),
        ({"instances": "1, 2"}, "InvalidInstances"),
        ({"instances": "0-4"}, "RangeOutsideJob"),
        ({"parent": "web-nothing"}, "ParentMismatch"),
        ({"revision": "web-nothing"}, "RevisionNotFound"),
    ],
)
def test_what_is_refused(space: Space, spec: Object, reason: str) -> None:
    manual(space)
    answer = asked(space, "bad", "Rejected", **spec)
    assert answer["status"]["reason"] == reason
    assert next(iter(spec)) in answer["status"]["message"] or reason == "RevisionNotFound"
    assert is_true(answer, "Complete")
    assert is_true(answer, "Failed")
    assert {pod.image for pod in space.pods().values()} == {"web:1"}
    assert "update" not in space.job()["status"]["lastAttempt"]


def test_no_change(space: Space) -> None:
    space.made(job())
    done = asked(space, "same")
    assert done["status"]["reason"] == "NoChange"
    assert space.job()["status"].get("activeUpdate") is None


def test_one_at_a_time(space: Space) -> None:
    manual(space)
    space.create(update("first", policy={"strategy": queue(1)}, paused=True))
    space.wait_update("RollForwardPaused", name="first")
    second = asked(space, "second", "Rejected")
    assert second["status"]["reason"] == "UpdateInProgress"
    space.api.patch(space.path("updates", "first"), {"spec": {"paused": False}})
    space.wait_update("RolledForward", name="first")


def test_known_bad_needs_force(space: Space) -> None:
    space.made(job(instances=2, update={"maxFailuresPerInstance": 0}))
    space.roll("web:2-crash-loop", "RolledBack")
    assert asked(space, "again", "Rejected")["status"]["reason"] == "KnownBad"
    asked(space, "forced", "RolledBack", force=True)


def test_a_template_the_server_refuses(space: Space) -> None:
    space.made(job(instances=1, update=MANUAL))
    bad = {"spec": {"containers": [{"name": "web", "image": "web:2", "ports": [{}]}]}}
    space.set_template(bad)
    answer = asked(space, "bad", "Rejected")
    assert answer["status"]["reason"] == "InvalidTemplate"
    assert "containerPort" in answer["status"]["message"]


def test_an_unknown_job(space: Space) -> None:
    space.create(update("early", job="later"))
    space.wait_update(
        "Pending", name="early", job="later", probe=lambda u: u["status"]["reason"] == "JobNotFound"
    )
    space.create(job("later", instances=1))
    space.wait_update("RolledForward", name="early", job="later")


def test_retry_token(space: Space) -> None:
    space.made(job(instances=2, update={"maxFailuresPerInstance": 0}))
    first = space.roll("web:2-crash-loop", "RolledBack")
    space.patch_job(update={"retryToken": "now"})
    again = space.wait_update(
        "RolledBack", probe=lambda u: u["metadata"]["name"] != first["metadata"]["name"]
    )
    assert again["spec"]["force"] is True
    assert phase(space.update(first["metadata"]["name"])) == "RolledBack"
