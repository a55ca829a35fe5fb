"""The instances of a Job as rows, and what happened to a pod."""

from __future__ import annotations

import pytest

from controller.api.job import JobType
from controller.ui import marks
from controller.view.instances import Instance, State, container_in_trouble, instances, timeline
from tests.unit.view.raw import NOW, ago, crashing, job, pod, ranges


def rows(*pods: dict[str, object], count: int = 3, **assigned: str) -> dict[int, Instance]:
    seen = job(count, assigned=ranges(**(assigned or {"a": f"0-{count - 1}"})))
    return {row.instance: row for row in instances(seen, pods, NOW)}


def test_each_instance_has_a_row_with_its_pod_or_without() -> None:
    found = rows(pod(0), pod(2))
    assert [row.pod for row in found.values()] == ["web-0", "", "web-2"]
    assert found[1].state is State.MISSING
    assert found[1].assigned == "web-a"
    row = found[0]
    assert (row.node, row.ip, row.images) == ("n1", "10.0.0.0", ("web:1",))
    assert row.created == NOW - 300
    assert row.message == ""


@pytest.mark.parametrize(
    ("ready_for", "state"), [(10.0, State.GOOD), (9.0, State.READY), (None, State.STARTING)]
)
def test_good_is_ready_for_long_enough(ready_for: float | None, state: State) -> None:
    assert rows(pod(0, ready_for=ready_for))[0].state is state


def test_other_states() -> None:
    waiting = pod(0, ready_for=None, phase="Pending")
    waiting["spec"]["nodeName"] = ""
    assert rows(waiting)[0].state is State.PENDING
    assert rows(pod(0, phase="Failed", ready_for=None))[0].state is State.ENDED
    going = pod(0)
    going["metadata"] |= {"deletionTimestamp": ago(1), "deletionGracePeriodSeconds": 30}
    assert rows(going)[0].state is State.STOPPING


def test_an_instance_at_another_revision_than_its_own_is_told_apart() -> None:
    found = rows(pod(0, "a"), pod(1, "b"), pod(2, "b"), a="0-1", b="2")
    assert [row.at_its_revision for row in found.values()] == [True, False, True]


def test_a_surge_has_two_rows_older_first() -> None:
    twin = pod(0, "b")
    twin["metadata"] |= {"name": "web-0-s", "creationTimestamp": ago(5)}
    found = instances(job(1, assigned=ranges(a="0")), [twin, pod(0)], NOW)
    assert [row.pod for row in found] == ["web-0", "web-0-s"]


def test_pods_of_others_are_left_out() -> None:
    other = pod(0)
    other["metadata"]["labels"]["echelon.dev/job"] = "api"
    foreign = pod(1)
    foreign["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u", "controller": True}
    ]
    assert [row.state for row in rows(other, foreign, count=2).values()] == [State.MISSING] * 2


def test_the_message_has_the_last_words_of_the_container() -> None:
    row = rows(pod(0, ready_for=None, containerStatuses=[crashing()]))[0]
    assert row.message == "CrashLoopBackOff: container web: last exit code 1, boom"
    assert row.restarts == 4


def test_a_container_that_starts_is_no_trouble() -> None:
    creating = {"name": "web", "state": {"waiting": {"reason": "ContainerCreating"}}}
    row = rows(pod(0, ready_for=None, containerStatuses=[creating], conditions=[]))[0]
    assert row.message == ""


def test_the_container_whose_log_says_why() -> None:
    fine = {"name": "proxy", "ready": True, "restartCount": 1, "state": {"running": {}}}
    assert container_in_trouble(pod(0, containerStatuses=[fine])) == ""
    assert container_in_trouble(pod(0, containerStatuses=[fine, crashing()])) == "web"
    unready = {"name": "slow", "ready": False, "restartCount": 0, "state": {"running": {}}}
    assert container_in_trouble(pod(0, containerStatuses=[fine, unready])) == "slow"
    done = {"name": "init", "state": {"terminated": {"exitCode": 0}}, "restartCount": 1}
    failed = {"name": "init", "state": {"terminated": {"exitCode": 2}}}
    held = {"name": "web", "ready": False, "state": {"waiting": {"reason": "PodInitializing"}}}
    for init, named in ((done, ""), (failed, "init")):
        seen = pod(0, containerStatuses=[held], initContainerStatuses=[init])
        assert container_in_trouble(seen) == named
    assert container_in_trouble({"metadata": {"name": "web-0"}}) == ""


def test_the_timeline_is_in_order() -> None:
    conditions = [
        {"type": "Ready", "status": "True", "lastTransitionTime": ago(50)},
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(299)},
    ]
    ended = {"exitCode": 3, "reason": "Error", "startedAt": ago(200), "finishedAt": ago(100)}
    status = {
        "name": "web",
        "state": {"running": {"startedAt": ago(90)}},
        "lastState": {"terminated": ended},
    }
    seen = pod(0, conditions=conditions, containerStatuses=[status])
    seen["metadata"] |= {"deletionTimestamp": ago(-20), "deletionGracePeriodSeconds": 30}
    found = timeline(seen)
    assert [(NOW - moment.time, moment.what) for moment in found] == [
        (300, "Pending"),
        (299, "Scheduled to n1"),
        (200, "container web started"),
        (100, "container web ended with exit code 3 (Error)"),
        (90, "container web started"),
        (50, "Ready"),
        (10, "Deleted"),
    ]


@pytest.mark.parametrize(
    ("state", "message", "word"),
    [
        (State.STARTING, "ImagePullBackOff: container web: not found", "Failing"),
        (State.PENDING, "Unschedulable: 0/5 nodes are available", "Failing"),
        (State.STARTING, "ContainersNotReady: containers with unready status: [web]", "Starting"),
        (State.STARTING, "", "Starting"),
        (State.GOOD, "OOMKilled: container web exited with code 137", "Good"),
        (State.STOPPING, "OOMKilled: container web exited with code 137", "Stopping"),
    ],
)
def test_an_instance_that_does_not_come_up_is_failing_here_and_on_the_page(
    state: State, message: str, word: str
) -> None:
    row = Instance(0, "web-0", state, "a", "a", message=message)
    assert row.word == word
    assert marks.of_instance(row).word == word


def test_no_instance_of_a_job_with_runs_is_missing() -> None:
    seen = job(3)
    spec = seen.spec.model_copy(update={"type": JobType.ADHOC})
    assert instances(seen.model_copy(update={"spec": spec}), (), NOW) == []
