"""A version that fails is rolled back, and the operator does not try it again by itself."""

from __future__ import annotations

import pytest

from hack.harness.manifests import (
    Object,
    batch,
    by_revision,
    condition,
    ids,
    is_true,
    job,
    queue,
    sim,
    template,
)
from hack.harness.space import Space

#: A new pod has two seconds, and no failure is tolerated.
QUICK = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}


@pytest.mark.parametrize(
    ("steering", "said"),
    [
        ({"behaviour": "never-ready"}, "not Ready within 2s"),
        ({"behaviour": "crash-loop", "backoff": "200ms", "exit-code": 3}, "exit code 3"),
        ({"behaviour": "pull-error"}, "ImagePullBackOff"),
        ({"behaviour": "exit", "exit-after": "100ms", "exit-code": 7}, "code 7"),
    ],
    ids=["never-ready", "crash-loop", "pull-error", "pod-ends"],
)
def test_a_bad_version_is_rolled_back_and_the_untouched_keep_their_pods(
    space: Space, steering: Object, said: str
) -> None:
    before = space.made(job(instances=4, strategy=queue(1), update=QUICK, min_ready=1))
    old, first = before["status"]["currentRevision"], space.observer.uids()
    wish = space.set_image("web:2", **{key.replace("-", "_"): v for key, v in steering.items()})
    ended = space.wait_update("RolledBack", timeout=40)
    assert space.observer.phases("web-g2")[-3:] == ["RollingForward", "RollingBack", "RolledBack"]
    status = ended["status"]
    assert status["failures"][0]["instance"] == 0
    assert said in f"{status['failures'][0]['reason']} {status['failures'][0]['message']}"
    assert said in f"{status['reason']} {status['message']}"
    assert "instance 0" in status["message"]
    assert ids(status["instances"]["rolledBack"]) == {0}
    # The other instances were never touched.
    assert {i: uids[-1] for i, uids in space.observer.uids().items() if i} == {
        i: uids[0] for i, uids in first.items() if i
    }
    after = space.wait_job("stalled", lambda j: is_true(j, "Stalled"))
    assert is_true(after, "RolledBack")
    assert not is_true(after, "Ready")
    assert by_revision(after["status"]["assigned"]) == {old: {0, 1, 2, 3}}
    assert after["status"]["currentRevision"] == old
    assert after["status"]["lastAttempt"]["outcome"] == "RolledBack"
    assert [bad["images"] for bad in after["status"]["knownBad"]] == [["web:2"]]
    # The spec is unchanged.
    assert after["spec"] == wish["spec"]
    assert after["metadata"]["generation"] == wish["metadata"]["generation"]
    space.until("all back", lambda: all(p.ready for p in space.pods().values()))
    assert {pod.image for pod in space.pods().values()} == {"web:1"}


def test_a_rollback_undoes_in_reverse_with_the_same_strategy(space: Space) -> None:
    space.made(job(instances=6, strategy=batch(2), update=QUICK))
    space.set_image("web:2", behaviour="never-ready", instances="4-5")
    space.wait_update("RolledBack", timeout=40)
    replay = space.observer.replay()
    # Forward 0-1, 2-3, 4-5; in the rollback unavailable instances first, then descending.
    assert [set(replay.order["web"][n : n + 2]) for n in range(0, 12, 2)] == [
        {0, 1},
        {2, 3},
        {4, 5},
        {4, 5},
        {2, 3},
        {0, 1},
    ]


def test_a_rollback_with_a_queue_of_three(space: Space) -> None:
    space.made(job(instances=8, strategy=queue(3), update=QUICK))
    space.set_image("web:2", behaviour="crash-loop", backoff="100ms", instances="4")
    ended = space.wait_update("RolledBack", timeout=40)
    touched = ids(ended["status"]["instances"]["rolledBack"])
    assert {0, 1, 2, 3, 4} <= touched
    for instance, uids in space.observer.uids().items():
        # An instance that was being deleted when the rollback started came up at its old revision.
        assert len(uids) in ((2, 3) if instance in touched else (1,))
    assert {pod.image for pod in space.pods().values()} == {"web:1"}


def test_without_rollback_on_failure_a_failed_update_stops_half_updated(space: Space) -> None:
    old = space.made(job(instances=4, update={**QUICK, "rollbackOnFailure": False}))
    space.set_image("web:2", behaviour="never-ready", instances="1")
    ended = space.wait_update("Failed", timeout=30)
    assert ids(ended["status"]["instances"]["updated"]) == {0}
    assert ids(ended["status"]["instances"]["failed"]) == {1}
    after = space.wait_job("stalled", lambda j: is_true(j, "Stalled"))
    target = ended["status"]["to"]["revision"]
    former = old["status"]["currentRevision"]
    assert by_revision(after["status"]["assigned"]) == {target: {0, 1}, former: {2, 3}}
    assert after["status"]["currentRevision"] == former
    assert not is_true(after, "RolledBack")
    assert {len(uids) for i, uids in space.observer.uids().items() if i > 1} == {1}


def test_tolerated_instances_may_fail(space: Space) -> None:
    space.made(job(instances=4, update={**QUICK, "maxFailedInstances": "25%"}))
    space.set_image("web:2", behaviour="crash-loop", backoff="100ms", instances="1")
    ended = space.wait_update("RolledForward", timeout=30)
    assert ended["status"]["policy"]["maxFailedInstances"] == 1
    assert ids(ended["status"]["instances"]["failed"]) == {1}
    assert ids(ended["status"]["instances"]["updated"]) == {0, 2, 3}


def test_a_single_crash_is_tolerated_and_none_is_with_max_failures_0(space: Space) -> None:
    space.made(job("once", instances=2, min_ready=1))
    space.made(job("never", instances=2, min_ready=1, update={"maxFailuresPerInstance": 0}))
    for name in ("once", "never"):
        space.set_image("web:2", name, behaviour="crash", crash_after="200ms", exit_code=9)
    good = space.wait_update("RolledForward", job="once", timeout=30)
    assert good["status"]["failureCounts"] == {"1": "0-1"}
    assert {f["exitCode"] for f in good["status"]["failures"]} == {9}
    bad = space.wait_update("RolledBack", job="never", timeout=30)
    assert "instance 0" in bad["status"]["message"]


def test_a_pod_that_is_not_good_in_time_is_made_again_as_often_as_tolerated(space: Space) -> None:
    wish = job(instances=2, update={"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 1})
    space.made(wish)
    ended = space.roll("web:2-never-ready")
    assert ended["status"]["phase"] == "RolledBack"
    assert [f["attempt"] for f in ended["status"]["failures"]] == [2, 1]
    # The old pod, the new one, the new one once more, and the old version again.
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == {0: 4, 1: 1}


def test_an_instance_that_fails_after_it_was_updated_still_counts(space: Space) -> None:
    space.made(job(instances=4, update=QUICK))
    space.set_image("web:2", behaviour="ready-after", ready_after="1s")
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] == 1)
    crash = sim(behaviour="crash-loop", backoff="100ms")
    space.patch_pod("web-0", annotations=crash)
    ended = space.wait_update("RolledBack", timeout=40)
    assert ended["status"]["failures"][0]["instance"] == 0


def test_an_evicted_pod_is_no_failure(space: Space) -> None:
    space.made(job(instances=3, min_ready=1, update={"maxFailuresPerInstance": 0}))
    space.set_image("web:2", behaviour="ready-after", ready_after="500ms")
    space.until(
        "the new pod of 0", lambda: space.pods().get(0) and space.pods()[0].image == "web:2"
    )
    space.patch_pod("web-0", annotations=sim(behaviour="evict", exit_after="0s"))
    ended = space.wait_update("RolledForward", "RolledBack", timeout=40)
    assert ended["status"]["phase"] == "RolledForward"
    assert "failureCounts" not in ended["status"]


def test_neither_waiting_nor_scaling_nor_edits_try_a_bad_version_again(space: Space) -> None:
    space.made(job(instances=3, update=QUICK))
    assert space.roll("web:2-never-ready")["status"]["phase"] == "RolledBack"
    space.scale(5)
    space.wait_job("5 instances", lambda j: j["status"].get("availableInstances") == 5)
    space.kubectl("scale", "ejob/web", "--replicas=4")
    space.wait_job("4 instances", lambda j: j["status"].get("instancesInForce") == 4)
    space.patch_job(minReadySeconds=1)
    after = space.wait_job("seen", lambda j: j["status"]["observedGeneration"] == 5)
    assert {pod.image for pod in space.pods().values()} == {"web:1"}
    assert len(space.updates()) == 1
    assert is_true(after, "RolledBack")
    assert "web:2-never-ready" in str(after["spec"]["template"])


def test_a_changed_retry_token_tries_again(space: Space) -> None:
    wish = job(instances=2, update={"readyTimeoutSeconds": 2})
    space.made(wish)
    # No node has room for the new pod yet.
    picky = template("web:2")
    picky["spec"]["nodeSelector"] = {"disk": space.name}
    space.patch_job(template=picky)
    first = space.wait_update("RolledBack", timeout=30)
    assert "Unschedulable" in str(first["status"]["failures"][0])
    node = "/api/v1/nodes/sim-3"
    space.api.patch(node, {"metadata": {"labels": {"disk": space.name}}})
    try:
        again = space.patch_job(update={"retryToken": "once-more"})
        name = f"web-g{again['metadata']['generation']}"
        ended = space.wait_update("RolledForward", "RolledBack", name=name, timeout=30)
    finally:
        space.api.patch(node, {"metadata": {"labels": {"disk": None}}})
    assert ended["status"]["phase"] == "RolledForward"
    after = space.wait_ready()
    assert after["status"]["lastAttempt"]["retryToken"] == "once-more"
    assert not is_true(after, "RolledBack")
    assert "knownBad" not in after["status"], "a revision that rolled forward is no longer bad"
    assert {pod.node for pod in space.pods().values()} == {"sim-3"}


def test_a_mended_template_rolls(space: Space) -> None:
    space.made(job(instances=2, update=QUICK))
    assert space.roll("web:2-never-ready")["status"]["phase"] == "RolledBack"
    assert space.roll("web:3")["status"]["phase"] == "RolledForward"
    after = space.wait_ready()
    assert not is_true(after, "RolledBack")
    assert {pod.image for pod in space.pods().values()} == {"web:3"}


def test_a_version_known_to_be_bad_waits_for_a_person(space: Space) -> None:
    space.made(job(instances=2, update=QUICK))
    bad = "web:2-never-ready"
    assert space.roll(bad)["status"]["phase"] == "RolledBack"
    assert space.roll("web:3")["status"]["phase"] == "RolledForward"
    space.set_image(bad)
    waiting = space.wait_job("UpdatePending", lambda j: is_true(j, "UpdatePending"))
    assert condition(waiting, "UpdatePending")["reason"] == "KnownBad"
    assert len(space.updates()) == 2
    assert {pod.image for pod in space.pods().values()} == {"web:3"}


def test_a_rollback_that_fails_too_ends_failed(space: Space) -> None:
    node = "/api/v1/nodes/sim-4"
    space.api.patch(node, {"metadata": {"labels": {"disk": space.name}}})
    wish = job(instances=2, update=QUICK)
    wish["spec"]["template"]["spec"]["nodeSelector"] = {"disk": space.name}
    space.made(wish)
    space.api.patch(node, {"metadata": {"labels": {"disk": None}}})
    anywhere = template("web:2-never-ready")
    anywhere["spec"]["nodeSelector"] = {"disk": None}
    space.patch_job(template=anywhere)
    ended = space.wait_update("Failed", "RolledBack", timeout=40)
    assert ended["status"]["phase"] == "Failed"
    assert ids(ended["status"]["instances"]["rollbackFailed"]) == {0}
    assert space.observer.phases("web-g2")[-3:] == ["RollingForward", "RollingBack", "Failed"]
    assert is_true(space.wait_job("stalled", lambda j: is_true(j, "Stalled")), "Stalled")
    assert len(space.observer.uids()[1]) == 1


def test_a_rollback_restores_the_count_that_its_update_changed(space: Space) -> None:
    space.made(job(instances=3, update=QUICK))
    space.patch_job(instances=5, template=template("web:2-never-ready"))
    space.wait_update("RolledBack", timeout=40)
    after = space.wait_job("stalled", lambda j: is_true(j, "Stalled"))
    assert after["spec"]["instances"] == 5
    assert after["status"]["instancesInForce"] == 3
    assert after["status"]["instancesRefused"] == 5
    space.until("three pods", lambda: set(space.pods()) == {0, 1, 2})
    assert {len(uids) for i, uids in space.observer.uids().items() if i < 3} == {1}
    # Another number of instances is obeyed, at the old revision.
    space.scale(4)
    space.wait_job("4 instances", lambda j: j["status"].get("instancesInForce") == 4)
    space.until("four pods", lambda: set(space.pods()) == {0, 1, 2, 3})
    assert {pod.image for pod in space.pods().values()} == {"web:1"}
