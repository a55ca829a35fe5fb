"""A changed template starts an Update, which rolls forward in the groups of its strategy."""

from __future__ import annotations

import pytest

from hack.harness.manifests import (
    Object,
    batch,
    by_revision,
    is_true,
    job,
    queue,
    variable_batch,
)
from hack.harness.space import Space


def test_an_update_replaces_every_instance_once_and_is_recorded(space: Space) -> None:
    old = space.made(job(instances=3))["status"]["currentRevision"]
    ended = space.roll("web:2")
    assert ended["metadata"]["name"] == "web-g2"
    status = ended["status"]
    assert status["phase"] == "RolledForward"
    assert by_revision(status["from"]) == {old: {0, 1, 2}}
    assert status["to"]["instances"] == "0-2"
    assert status["counts"] == {
        "total": 3,
        "updated": 3,
        "updating": 0,
        "failed": 0,
        "rolledBack": 0,
        "pending": 0,
    }
    assert status["instances"] == {"updated": "0-2"}
    assert [entry["phase"] for entry in status["history"]] == ["RolledForward", "RollingForward"]
    assert status["startedAt"] <= status["finishedAt"]
    done = space.wait_ready()
    new = status["to"]["revision"]
    assert new != old
    assert done["status"]["currentRevision"] == done["status"]["updateRevision"] == new
    assert by_revision(done["status"]["assigned"]) == {new: {0, 1, 2}}
    assert "activeUpdate" not in done["status"]
    assert done["status"]["lastAttempt"]["outcome"] == "RolledForward"
    assert done["status"]["lastAttempt"]["update"] == "web-g2"
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == {0: 2, 1: 2, 2: 2}
    assert {pod.image for pod in space.pods().values()} == {"web:2"}


def test_a_queue_of_one_goes_one_by_one_in_ascending_order(space: Space) -> None:
    space.made(job(instances=4, strategy=queue(1)))
    assert space.roll("web:2")["status"]["phase"] == "RolledForward"
    replay = space.observer.replay()
    assert replay.order["web"] == [0, 1, 2, 3]
    assert replay.peak["web"] == 1


def test_a_queue_of_three_keeps_three_under_way(space: Space) -> None:
    space.made(job(instances=7, strategy=queue(3)))
    space.set_image("web:2", behaviour="ready-after", ready_after="400ms")
    space.wait_update("RolledForward")
    replay = space.observer.replay()
    assert replay.peak["web"] == 3
    assert sorted(replay.order["web"]) == list(range(7))
    assert set(replay.order["web"][:3]) == {0, 1, 2}


def test_a_queue_does_not_wait_for_its_slowest_instance(space: Space) -> None:
    space.made(job(instances=6, strategy=queue(2)))
    space.set_image("web:2", behaviour="ready-after", ready_after="2s", instances="0")
    space.wait_update("RolledForward")
    order = space.observer.replay().order["web"]
    first = [seen for seen in space.observer.events() if seen.kind == "Pod" and seen.object.ready]
    ready = [seen.object.instance for seen in first if seen.object.image == "web:2"]
    assert set(order[:2]) == {0, 1}
    # How many others became good in these two seconds depends on the machine.
    assert ready.index(0) > ready.index(2), "the others continued meanwhile"


def test_a_batch_waits_for_the_whole_batch_before_it(space: Space) -> None:
    space.made(job(instances=7, strategy=batch(3)))
    space.set_image("web:2", behaviour="ready-after", ready_after="300ms")
    ended = space.wait_update("RolledForward")
    assert space.observer.replay().waves["web"] == [{0, 1, 2}, {3, 4, 5}, {6}]
    assert ended["status"]["policy"]["strategy"]["size"] == 3


def test_variable_batches_take_their_sizes_and_repeat_the_last(space: Space) -> None:
    space.made(job(instances=9, strategy=variable_batch(1, 3, 2)))
    space.set_image("web:2", behaviour="ready-after", ready_after="200ms")
    space.wait_update("RolledForward")
    assert space.observer.replay().waves["web"] == [{0}, {1, 2, 3}, {4, 5}, {6, 7}, {8}]


@pytest.mark.parametrize(
    ("strategy", "resolved", "waves"),
    [
        (batch("40%"), {"size": 2}, [2, 2, 1]),
        (variable_batch("1%", "50%"), {"sizes": [1, 3]}, [1, 3, 1]),
    ],
    ids=["Batch", "VariableBatch"],
)
def test_percentages_are_of_the_updates_instances_and_round_up(
    space: Space, strategy: Object, resolved: Object, waves: list[int]
) -> None:
    space.made(job(instances=5, strategy=strategy))
    space.set_image("web:2", behaviour="ready-after", ready_after="200ms")
    ended = space.wait_update("RolledForward")
    found = ended["status"]["policy"]["strategy"]
    assert {key: found[key] for key in resolved} == resolved
    assert [len(wave) for wave in space.observer.replay().waves["web"]] == waves


def test_an_instance_must_stay_ready_for_min_ready_seconds_before_the_next(space: Space) -> None:
    space.made(job(instances=3, min_ready=2))
    space.roll("web:2", "RolledForward")
    pods = [seen for seen in space.observer.events() if seen.kind == "Pod"]
    ready = {
        seen.object.instance: seen.at
        for seen in reversed(pods)
        if seen.object.ready and seen.object.image == "web:2"
    }
    taken = {
        seen.object.instance: seen.at
        for seen in reversed(pods)
        if seen.object.deleting and seen.object.image == "web:1"
    }
    for before, after in ((0, 1), (1, 2)):
        # Timestamps are whole seconds, so up to one second early is correct.
        assert taken[after] - ready[before] > 1.0


def test_unavailable_instances_are_replaced_first(space: Space) -> None:
    space.made(job(instances=4))
    space.patch_pod("web-2", annotations={"sim.echelon.dev/behaviour": "crash-loop"})
    space.until("instance 2 to be down", lambda: not space.pods()[2].ready)
    space.roll("web:2", "RolledForward")
    assert space.observer.replay().order["web"] == [2, 0, 1, 3]


def test_only_the_template_makes_an_update(space: Space) -> None:
    before = space.made(job(instances=2))
    edit: Object = {"minReadySeconds": 1, "revisionHistoryLimit": 3}
    edit["update"] = {"strategy": {"type": "Batch", "size": 2}, "readyTimeoutSeconds": 7}
    space.patch_job(**edit)
    space.api.patch(space.path("echelonjobs", "web"), {"metadata": {"labels": {"team": "a"}}})
    after = space.wait_ready()
    assert after["status"]["observedGeneration"] == 2
    assert after["status"]["updateRevision"] == before["status"]["updateRevision"]
    assert space.updates() == []
    # The next Update uses them.
    ended = space.roll("web:2")
    assert ended["status"]["minReadySeconds"] == 1
    assert ended["status"]["policy"]["readyTimeoutSeconds"] == 7
    assert ended["status"]["policy"]["strategy"]["type"] == "Batch"
    assert len(space.updates()) == 1


def test_a_running_update_keeps_the_policy_it_began_with(space: Space) -> None:
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2", behaviour="ready-after", ready_after="500ms")
    space.wait_update("RollingForward")
    space.patch_job(update={"strategy": {"type": "Queue", "size": 4}})
    ended = space.wait_update("RolledForward")
    assert ended["status"]["policy"]["strategy"]["size"] == 1
    assert space.observer.replay().peak["web"] == 1


def test_going_back_to_a_former_template_uses_its_revision_again(space: Space) -> None:
    first = space.made(job(instances=2))["status"]["currentRevision"]
    space.roll("web:2", "RolledForward")
    back = space.roll("web:1")
    assert back["status"]["phase"] == "RolledForward"
    assert back["status"]["to"]["revision"] == first
    names = [revision["metadata"]["name"] for revision in space.revisions()]
    assert len(names) == 2
    assert names[-1] == first, "a revision that is used again is the newest"


def test_kubectl_wait_for_complete_suffices(space: Space) -> None:
    space.made(job(instances=2))
    space.roll("web:2", "RollingForward", "RolledForward")
    said = space.kubectl("wait", "--for=condition=Complete", "eup/web-g2", "--timeout=180s")
    assert "condition met" in said
    assert space.update("web-g2")["status"]["phase"] == "RolledForward"


def test_two_jobs_roll_at_once_each_by_its_own_strategy(space: Space) -> None:
    space.made(job("shop", instances=4, strategy=queue(1)))
    space.made(job("cart", instances=4, strategy=batch(2)))
    for name in ("shop", "cart"):
        space.set_image("app:2", name, behaviour="ready-after", ready_after="300ms")
    for name in ("shop", "cart"):
        assert space.wait_update("RolledForward", job=name)["metadata"]["name"] == f"{name}-g2"
    replay = space.observer.replay()
    assert replay.order["shop"] == [0, 1, 2, 3]
    assert replay.waves["cart"] == [{0, 1}, {2, 3}]
    starts = {name: space.update(f"{name}-g2")["status"]["startedAt"] for name in ("shop", "cart")}
    ends = {name: space.update(f"{name}-g2")["status"]["finishedAt"] for name in ("shop", "cart")}
    assert max(starts.values()) <= min(ends.values()), "the Updates ran at the same time"


def test_one_jobs_bad_update_does_not_touch_another_job(space: Space) -> None:
    space.made(job("shop", instances=2))
    space.made(job("cart", instances=2, update={"readyTimeoutSeconds": 2}))
    space.set_image("app:2-never-ready", "cart")
    assert space.wait_update("RolledBack", job="cart")
    assert is_true(space.job("shop"), "Ready")
    assert {len(uids) for uids in space.observer.uids("shop").values()} == {1}
