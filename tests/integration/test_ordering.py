"""`ordering: Ordered` beside a StatefulSet with OrderedReady: the same template, the same steps."""

from __future__ import annotations

import re

import pytest

from hack.harness.manifests import Object, by_revision, condition, is_true, job, queue, template
from hack.harness.operator import Operator
from hack.harness.space import Space

#: Slow enough that steps which do not wait for each other would be seen.
SLOW = template(behaviour="ready-after", ready_after="400ms")


def steps(space: Space, name: str) -> list[str]:
    """What happened to the pods of one controller, in the order of the API server's events."""
    told: list[str] = []
    known: set[tuple[str, str]] = set()
    for seen in space.observer.events():
        found = re.fullmatch(rf"{name}-(\d+)", seen.name)
        if seen.kind != "Pod" or found is None:
            continue
        pod, facts = seen.object, ["created"]
        facts += ["ready"] if pod.ready and not pod.deleting else []
        facts += ["going"] if pod.deleting else []
        facts += ["gone"] if seen.type == "DELETED" else []
        for fact in facts:
            if (fact, pod.uid) not in known:
                known.add((fact, pod.uid))
                told.append(f"{found[1]} {fact}")
    return told


def stateful_set(space: Space, replicas: int) -> None:
    labels = {"app": "peer"}
    wish = {**SLOW, "metadata": {**SLOW["metadata"], "labels": labels}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "serviceName": "peer"}
    made = {"metadata": {"name": "peer"}, "spec": {**spec, "template": wish}}
    space.api.create(f"/apis/apps/v1/namespaces/{space.name}/statefulsets", made)


def scale_both(space: Space, count: int) -> None:
    space.kubectl("scale", "statefulset/peer", f"--replicas={count}")
    space.scale(count)


def both_done(space: Space, steps_made: list[str]) -> None:
    """Wait until both controllers made these steps, and check that they made no others."""
    for name in ("peer", "web"):
        space.until(
            f"the steps of {name}",
            lambda name=name: set(steps_made) <= set(steps(space, name)),  # type: ignore[misc]
            timeout=60,
        )
        assert steps(space, name)[-len(steps_made) :] == steps_made, name


def up(*ids: int) -> list[str]:
    return [f"{i} {fact}" for i in ids for fact in ("created", "ready")]


def down(*ids: int) -> list[str]:
    return [f"{i} {fact}" for i in ids for fact in ("going", "gone")]


def test_beside_a_stateful_set(space: Space) -> None:
    stateful_set(space, 3)
    space.create(job(instances=3, ordering="Ordered", template=SLOW))
    both_done(space, up(0, 1, 2))
    scale_both(space, 5)
    both_done(space, up(3, 4))
    scale_both(space, 2)
    both_done(space, down(4, 3, 2))
    found = space.wait_ready()
    assert found["status"]["instancesInForce"] == 2
    assert steps(space, "web") == steps(space, "peer")
    for name in ("peer", "web"):
        before = len(steps(space, name))
        space.delete_pod(f"{name}-0")
        space.until("its successor", lambda n=name, b=before: len(steps(space, n)) >= b + 4)  # type: ignore[misc]
        assert steps(space, name)[before:] == [*down(0), *up(0)]


def test_the_status_says_which_instance_the_next_one_waits_for(space: Space) -> None:
    steering = {"behaviour": "never-ready", "instances": "1"}
    space.create(job(instances=4, ordering="Ordered", steering=steering))
    held = space.wait_job(
        "the second instance",
        lambda j: (
            j["status"].get("instancesInForce") == 2
            and is_true(j, "Reconciling")
            and "instance 2 is created when instance 1 is good"
            in condition(j, "Reconciling")["message"]
        ),
    )
    assert by_revision(held["status"]["assigned"])[held["status"]["currentRevision"]] == {0, 1}
    assert set(space.pods()) <= {0, 1}
    space.set_image("web:2")
    space.wait_update("RolledForward", timeout=30)
    done = space.wait_ready(timeout=30)
    assert done["status"]["instancesInForce"] == 4
    assert {pod.image for pod in space.pods().values()} == {"web:2"}


def test_lost_pods_come_back_at_once(space: Space) -> None:
    """Also two, and although instance 0 is not ready: the others do not wait for it."""
    space.made(job(instances=3, ordering="Ordered"), timeout=30)
    uids = {i: pod.uid for i, pod in space.pods().items()}
    space.patch_pod("web-0", annotations={"sim.echelon.dev/behaviour": "never-ready"})
    space.until("instance 0 is not ready", lambda: not space.pods()[0].ready)
    for name in ("web-1", "web-2"):
        space.delete_pod(name)
    space.until(
        "both successors",
        lambda: all(
            space.pods().get(i, None) and space.pods()[i].ready and space.pods()[i].uid != uids[i]
            for i in (1, 2)
        ),
    )


def test_killed_between_two_steps(space: Space, operator: Operator) -> None:
    space.create(job(instances=4, ordering="Ordered", template=SLOW))
    space.until("the second pod", lambda: 1 in space.pods())
    operator.kill9()
    operator.start()
    space.until("all steps", lambda: set(up(0, 1, 2, 3)) <= set(steps(space, "web")), timeout=60)
    space.scale(1)
    space.until("one going", lambda: "3 going" in steps(space, "web"))
    operator.kill9()
    operator.start()
    space.until("all gone", lambda: "1 gone" in steps(space, "web"), timeout=60)
    assert steps(space, "web") == [*up(0, 1, 2, 3), *down(3, 2, 1)]


@pytest.mark.parametrize("count", [2, 5])
def test_a_scale_during_an_update_goes_step_by_step(space: Space, count: int) -> None:
    wish: Object = job(instances=3, ordering="Ordered", template=SLOW, strategy=queue(1))
    space.made(wish, timeout=30)
    space.set_image("web:2", behaviour="ready-after", ready_after="400ms")
    space.wait_update("RollingForward")
    space.scale(count)
    ended = space.wait_update("RolledForward", timeout=60)
    assert ended["status"]["reason"] == "Completed"
    space.until("the number", lambda: set(space.pods()) == set(range(count)), timeout=30)
    done = space.wait_ready(timeout=30)
    assert done["status"]["instancesInForce"] == count
    assert {pod.image for pod in space.pods().values()} == {"web:2"}
    if count == 5:
        told = steps(space, "web")
        assert told.index("3 ready") < told.index("4 created")
