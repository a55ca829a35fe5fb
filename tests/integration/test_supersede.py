"""A newer template takes over from a running update, and no former revision is lost."""

from __future__ import annotations

import pytest

from hack.harness.manifests import by_revision, ids, is_true, job, queue
from hack.harness.operator import Operator
from hack.harness.space import Space

SLOW = {"behaviour": "ready-after", "ready_after": "700ms"}


def one_updated(space: Space, name: str = "web-g2") -> None:
    space.wait_update(
        "RollingForward", name=name, probe=lambda u: u["status"]["counts"]["updated"] >= 1
    )


def test_a_newer_template_takes_over_a_running_update(space: Space) -> None:
    old = space.made(job(instances=4, strategy=queue(1)))["status"]["currentRevision"]
    space.set_image("web:2", **SLOW)
    one_updated(space)
    space.set_image("web:3")
    former = space.wait_update("Superseded", name="web-g2")
    ended = space.wait_update("RolledForward", name="web-g3")
    assert by_revision(ended["status"]["from"]) == {old: {0, 1, 2, 3}}
    assert former["status"]["finishedAt"]
    done = space.wait_ready()
    assert by_revision(done["status"]["revisions"]) == {
        ended["status"]["to"]["revision"]: {0, 1, 2, 3}
    }
    # Instances that the first Update had not reached changed once, to the newest revision.
    lives = {i: len(uids) for i, uids in space.observer.uids().items()}
    assert lives[3] == 2
    assert lives[0] == 3


def test_a_takeover_of_a_takeover_rolls_back_to_what_ran_at_the_beginning(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 3, "maxFailuresPerInstance": 0}
    old = space.made(job(instances=4, strategy=queue(1), update=quick))["status"]
    space.set_image("web:2", **SLOW)
    one_updated(space)
    space.set_image("web:3", **SLOW)
    one_updated(space, "web-g3")
    space.set_image("web:4-never-ready")
    ended = space.wait_update("RolledBack", name="web-g4", timeout=40)
    assert by_revision(ended["status"]["from"]) == {old["currentRevision"]: {0, 1, 2, 3}}
    assert [u["status"]["phase"] for u in space.updates()] == [
        "Superseded",
        "Superseded",
        "RolledBack",
    ]
    after = space.wait_job("stalled", lambda j: is_true(j, "Stalled"))
    assert by_revision(after["status"]["assigned"]) == {old["currentRevision"]: {0, 1, 2, 3}}
    space.until("4 Ready", lambda: sum(pod.ready for pod in space.pods().values()) == 4)
    assert {pod.image for pod in space.pods().values()} == {"web:1"}


def test_going_back_to_the_original_template_undoes_a_running_update(space: Space) -> None:
    wish = job(instances=4, strategy=queue(1))
    old = space.made(wish)["status"]["currentRevision"]
    space.set_image("web:2", **SLOW)
    one_updated(space)
    space.set_template(wish["spec"]["template"])
    ended = space.wait_update("RolledForward", name="web-g3")
    assert ended["status"]["to"]["revision"] == old
    done = space.wait_ready()
    assert done["status"]["currentRevision"] == old
    assert {pod.image for pod in space.pods().values()} == {"web:1"}
    lives = {i: len(uids) for i, uids in space.observer.uids().items()}
    assert lives[3] == 1, "the update never reached it, so it keeps its pod"


def test_a_newer_template_takes_over_a_rollback(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}
    space.made(job(instances=3, strategy=queue(1), min_ready=2, update=quick))
    space.set_image("web:2", behaviour="never-ready", instances="1")
    space.wait_update("RollingBack", timeout=30)
    space.set_image("web:3")
    space.wait_update("Superseded", name="web-g2")
    space.wait_update("RolledForward", name="web-g3", timeout=40)
    done = space.wait_ready()
    assert {pod.image for pod in space.pods().values()} == {"web:3"}
    assert not is_true(done, "RolledBack")


def test_an_inherited_pause_still_is_that_of_whoever_made_it(space: Space) -> None:
    space.made(job(instances=3))
    space.set_image("web:2", **SLOW)
    one_updated(space)
    pause, note = '{"spec":{"paused":true}}', '{"spec":{"message":"wait for Monday"}}'
    space.kubectl("patch", "eup", "web-g2", "--type=merge", "-p", pause, "--field-manager=alice")
    space.wait_update("RollForwardPaused", name="web-g2")
    space.set_image("web:3")
    words = "; paused by alice (field manager)"
    space.wait_update(
        "RollForwardPaused", name="web-g3", probe=lambda u: u["status"]["message"].endswith(words)
    )
    # Another user edits another field: the pause is not that user's.
    space.kubectl("patch", "eup", "web-g3", "--type=merge", "-p", note, "--field-manager=bob")
    later = space.wait_update(
        "RollForwardPaused",
        name="web-g3",
        probe=lambda u: u["status"]["observedGeneration"] == u["metadata"]["generation"] == 2,
    )
    assert later["status"]["message"].endswith(words)
    assert [h["by"] for h in later["status"]["history"]] == ["alice (field manager)"]


def test_many_templates_in_a_row_end_at_the_last(space: Space) -> None:
    space.made(job(instances=3, strategy=queue(1)))
    for number in range(2, 9):
        space.set_image(f"web:{number}")
    space.until(
        "the last one everywhere",
        lambda: [p.image for p in space.pods().values() if p.ready] == ["web:8"] * 3,
    )
    space.wait_update("RolledForward")
    space.wait_ready()
    *overtaken, last = [u["status"] for u in space.updates()]
    assert last["phase"] == "RolledForward"
    # An Update that had not started is `Aborted`: Pending cannot become Superseded.
    assert {status["phase"] for status in overtaken} <= {"Superseded", "Aborted"}
    assert {status["reason"] for status in overtaken} <= {"Superseded"}


@pytest.mark.parametrize("moment", ["at once", "when the new one is there"])
def test_a_takeover_survives_the_death_of_the_operator(
    space: Space, operator: Operator, moment: str
) -> None:
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2", **SLOW)
    one_updated(space)
    space.set_image("web:3")
    if moment != "at once":
        space.until("the second", lambda: len(space.updates()) == 2)
    operator.kill9()
    operator.start()
    ended = space.wait_update("RolledForward", name="web-g3")
    assert ids(ended["status"]["instances"]["updated"]) == {0, 1, 2, 3}
    space.wait_update("Superseded", name="web-g2")
    assert {pod.image for pod in space.pods().values()} == {"web:3"}
