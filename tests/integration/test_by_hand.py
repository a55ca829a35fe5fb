"""Updates that users create next to those of the operator, and Updates that are refused."""

from __future__ import annotations

import pytest

from hack.devcluster.api import ApiError
from hack.harness.manifests import is_true, job, phase, update
from hack.harness.space import Space
from tests.integration.bad_objects import UPDATE, UPDATES, changed


def test_an_update_for_an_unknown_job_is_pending_until_there_is_one(space: Space) -> None:
    space.create(update("early", "web"))
    waiting = space.wait_update(
        "Pending", name="early", probe=lambda u: u["status"]["reason"] == "JobNotFound"
    )
    assert "web" in waiting["status"]["message"]
    assert is_true(waiting, "Reconciling")
    space.made(job(instances=1))
    space.wait_update("RolledForward", name="early")


def test_an_update_made_by_hand_during_an_active_one_does_not_disturb_it(space: Space) -> None:
    space.made(job(instances=3))
    space.set_image("web:2", behaviour="ready-after", ready_after="500ms")
    space.wait_update("RollingForward", name="web-g2")
    space.create(update("mine"))
    rejected = space.wait_update("Rejected", name="mine")
    assert rejected["status"]["reason"] == "UpdateInProgress"
    ended = space.wait_update("RolledForward", name="web-g2")
    assert ended["status"]["counts"]["updated"] == 3


def test_a_stranger_with_the_name_of_the_operators_update_is_left_alone(space: Space) -> None:
    space.made(job(instances=2))
    space.create(update("web-g2", "another"))
    space.set_image("web:2")
    space.wait_job(
        "the end", lambda j: j["status"]["lastAttempt"].get("outcome") == "RolledForward"
    )
    (mine,) = space.updates()
    uid = space.job()["metadata"]["uid"]
    assert mine["metadata"]["name"] == f"web-{uid[:6]}-g2"
    stranger = space.update("web-g2")
    assert stranger["spec"] == {"job": "another", "action": "Proceed"} or (
        stranger["spec"]["job"] == "another"
    )
    assert phase(stranger) == "Pending"


def test_bad_updates_are_refused(space: Space) -> None:
    for what, (change, words) in UPDATES.items():
        with pytest.raises(ApiError) as refused:
            space.create(changed(UPDATE, change))
        assert refused.value.code == 422, what
        assert all(word in str(refused.value) for word in words), what
