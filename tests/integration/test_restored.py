"""A Job orphaned and created again, or without its status, rolls out nothing without an Update."""

from __future__ import annotations

import pytest

from hack.harness.audit import Audit
from hack.harness.manifests import by_revision, is_true, job
from hack.harness.operator import USER, Operator
from hack.harness.space import Space

LOST = pytest.mark.parametrize("how", ["orphaned", "wiped"])
SLOW = {"behaviour": "ready-after", "ready_after": "700ms"}


def lose(space: Space, how: str, image: str, mode: str, **steering: str) -> None:
    """Delete the Job, keep its pods, and create it again without its status and with this image."""
    policy = {"mode": mode, "readyTimeoutSeconds": 2}
    wish = job(instances=3, image=image, update=policy, steering=steering)
    if how == "orphaned":
        space.orphan_job()
        space.until("no owner", lambda: not space.pods())
        space.create(wish)
    else:
        space.apply(wish, force=True)
        kept = {"observedGeneration"}
        lost = {field: None for field in space.job()["status"] if field not in kept}
        space.write_status(lost)


def pod_writes(space: Space, audit: Audit) -> list[tuple[str, str]]:
    """The writes of pods, without patches that adopt or repair them."""
    found = audit.requests(user=USER, namespace=space.name)
    return [(r.verb, r.name) for r in found if r.resource == "pods" and r.verb != "patch"]


@LOST
def test_another_image_comes_by_an_update(space: Space, operator: Operator, how: str) -> None:
    first = space.made(job(instances=3))["status"]["currentRevision"]
    operator.stop()
    lose(space, how, "web:2", "Automatic")
    operator.start()
    ended = space.wait_update("RolledForward", timeout=40)
    assert by_revision(ended["status"]["from"]) == {first: {0, 1, 2}}
    made = [s.object for s in space.observer.events() if s.kind == "EchelonJob"]
    (taken,) = {
        str(by_revision(j["status"].get("assigned")))
        for j in made
        if j["status"].get("lastAttempt")
        and not j["status"]["lastAttempt"].get("update")
        and "activeUpdate" not in j["status"]
        and j["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"
    }
    assert taken == str({first: {0, 1, 2}})
    after = space.wait_ready()
    assert after["status"]["currentRevision"] == after["status"]["updateRevision"] != first
    assert {len(uids) for uids in space.observer.uids().values()} == {2}


@LOST
def test_a_bad_image_is_rolled_back(space: Space, operator: Operator, how: str) -> None:
    space.made(job(instances=3))
    operator.stop()
    lose(space, how, "web:2-never-ready", "Automatic")
    operator.start()
    space.wait_update("RolledBack", timeout=40)
    lives = space.observer.uids()
    assert {i: len(lives[i]) for i in (1, 2)} == {1: 1, 2: 1}, "never touched"
    assert space.pods()[0].image == "web:1"


@LOST
def test_a_manual_job_waits(space: Space, operator: Operator, audit: Audit, how: str) -> None:
    space.made(job(instances=3, update={"mode": "Manual"}))
    operator.stop()
    lose(space, how, "web:2", "Manual")
    audit.mark()
    operator.start()
    found = space.wait_job("waiting", lambda j: is_true(j, "UpdatePending") and is_true(j, "Ready"))
    assert found["status"]["currentRevision"] != found["status"]["updateRevision"]
    assert pod_writes(space, audit) == []
    assert space.updates() == []
    assert {len(uids) for uids in space.observer.uids().values()} == {1}


@LOST
def test_lost_in_mid_update_it_is_finished_by_another_update(space: Space, how: str) -> None:
    space.made(job(instances=3))
    space.set_image("web:2", **SLOW)
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] == 1)
    lose(space, how, "web:2", "Automatic", **SLOW)
    space.until("the end of the first", lambda: space.updates()[0]["status"].get("finishedAt"))
    after = space.wait_job(
        "the whole update",
        lambda j: (
            is_true(j, "Ready")
            and {pod.image for pod in space.pods().values()} == {"web:2"}
            and j["status"]["lastAttempt"].get("outcome") == "RolledForward"
        ),
        timeout=40,
    )
    assert len(by_revision(after["status"]["assigned"])) == 1
    assert len(space.observer.uids()[0]) == 2, "updated instances stay updated"
