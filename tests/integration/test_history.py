"""Old revisions and finished Updates are kept within the limits, or while they are in use."""

from __future__ import annotations

from hack.harness.manifests import job, template
from hack.harness.space import Space


def test_no_more_than_the_limits_is_kept(space: Space) -> None:
    space.made(job(instances=1, revisionHistoryLimit=2, updateHistoryLimit=3))
    for number in range(2, 8):
        space.roll(f"web:{number}", "RolledForward")
    space.cluster.wait("3 Updates", lambda: len(space.updates()) == 3, 10)
    assert [u["metadata"]["name"] for u in space.updates()] == ["web-g5", "web-g6", "web-g7"]
    space.cluster.wait("3 revisions", lambda: len(space.revisions()) == 3, 10)
    images = [r["data"]["spec"]["containers"][0]["image"] for r in space.revisions()]
    assert images == ["web:5", "web:6", "web:7"], "two old revisions and the current one"
    assert [r["revision"] for r in space.revisions()] == [5, 6, 7]


def test_limits_of_0_keep_only_what_is_in_use(space: Space) -> None:
    space.made(job(instances=1, revisionHistoryLimit=0, updateHistoryLimit=0))
    space.set_image("web:2")
    space.wait_job(
        "the end", lambda j: j["status"]["lastAttempt"].get("outcome") == "RolledForward"
    )
    space.cluster.wait("no Updates", lambda: not space.updates(), 10)
    space.cluster.wait("1 revision", lambda: len(space.revisions()) == 1, 10)
    assert space.revisions()[0]["data"] == template("web:2")


def test_a_lowered_limit_is_heeded(space: Space) -> None:
    space.made(job(instances=1))
    for number in range(2, 6):
        space.roll(f"web:{number}", "RolledForward")
    assert len(space.revisions()) == 5
    space.patch_job(revisionHistoryLimit=1, updateHistoryLimit=1)
    space.cluster.wait("2 revisions", lambda: len(space.revisions()) == 2, 10)
    space.cluster.wait("1 Update", lambda: len(space.updates()) == 1, 10)


def test_the_revision_to_go_back_to_is_kept_whatever_the_limit(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}
    space.made(job(instances=2, revisionHistoryLimit=0, update=quick))
    space.roll("web:2-never-ready", "RolledBack")
    space.until("2 Ready", lambda: sum(pod.ready for pod in space.pods().values()) == 2)
    images = [r["data"]["spec"]["containers"][0]["image"] for r in space.revisions()]
    assert images == ["web:1", "web:2-never-ready"], (
        "the revision in use and that of the present spec"
    )
