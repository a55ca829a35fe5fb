"""Frozen instances on a real API server: Updates leave them alone (second contract, section 2)."""

from __future__ import annotations

import pytest

from hack.harness.manifests import Object, batch, condition, ids, is_true, job, update
from hack.harness.operator import Operator
from hack.harness.space import Space


def freeze(space: Space, what: str | None) -> None:
    space.patch_job(frozen=what)


def in_force(space: Space, what: str) -> Object:
    return space.wait_job(
        f"{what or 'nothing'} to be frozen", lambda j: j["status"].get("frozen", "") == what
    )


def frozen(space: Space, what: str, **spec: object) -> dict[int, str]:
    """A Job with frozen instances. Returns the uids of all pods."""
    space.made(job(**spec))  # type: ignore[arg-type]
    freeze(space, what)
    in_force(space, what)
    return {i: pod.uid for i, pod in space.pods().items()}


def replaced(space: Space, before: dict[int, str]) -> set[int]:
    return {i for i, pod in space.pods().items() if before.get(i) != pod.uid}


@pytest.mark.parametrize("replacement", ["Recreate", "InPlace", "Surge"])
def test_an_update_leaves_them_alone(space: Space, replacement: str) -> None:
    update_policy = {"replacement": replacement, "strategy": batch(2)}
    before = frozen(space, "1,3", instances=6, update=update_policy)
    ended = space.roll("web:2", "RolledForward")
    counts = ended["status"]["counts"]
    assert (counts["total"], counts["updated"]) == (4, 4)
    made = space.wait_ready()
    assert {i for i, pod in space.pods().items() if pod.image == "web:1"} == {1, 3}
    if replacement != "InPlace":
        assert replaced(space, before) == {0, 2, 4, 5}
    new = ended["status"]["to"]["revision"]
    assert made["status"]["currentRevision"] == new
    assert condition(made, "UpdatePending")["status"] == "False"
    assert "instances 1,3 are frozen" in condition(made, "Ready")["message"]


def test_a_lost_one_comes_back_as_it_was_and_scales_remove_it(space: Space) -> None:
    frozen(space, "1", instances=3)
    space.roll("web:2", "RolledForward")
    before = space.pods()[1].uid
    space.kubectl("delete", "pod", "web-1", "--wait=false")
    space.until("the pod to be back", lambda: 1 in space.pods() and space.pods()[1].uid != before)
    space.wait_ready()
    assert space.pods()[1].image == "web:1"
    space.kubectl("scale", "ejob/web", "--replicas=1")
    space.until("one pod to be left", lambda: set(space.pods()) == {0})


def test_one_that_is_no_longer_frozen_gets_an_update_of_its_own(space: Space) -> None:
    frozen(space, "1-2", instances=4)
    space.roll("web:2", "RolledForward")
    freeze(space, "2")
    in_force(space, "2")
    ended = space.wait_update("RolledForward", timeout=40)
    assert ids(ended["spec"]["instances"]) == {1}
    assert ended["spec"]["revision"] == space.job()["status"]["currentRevision"]
    space.wait_ready()
    assert {i for i, pod in space.pods().items() if pod.image == "web:1"} == {2}
    freeze(space, None)
    in_force(space, "")
    space.wait_job("no active Update", lambda j: "activeUpdate" not in j["status"])
    space.until("all to be new", lambda: {p.image for p in space.pods().values()} == {"web:2"})


def test_the_update_goes_on_after_the_operator_was_killed(space: Space, operator: Operator) -> None:
    before = frozen(space, "0,5", instances=6)
    space.set_image("web:2")
    space.until("the first to be replaced", lambda: bool(replaced(space, before)))
    operator.kill9()
    operator.start()
    space.wait_update("RolledForward", timeout=40)
    space.wait_ready()
    assert {i for i, pod in space.pods().items() if pod.image == "web:1"} == {0, 5}


def test_all_frozen_is_no_change(space: Space) -> None:
    frozen(space, "0-2", instances=3)
    old = space.job()["status"]["currentRevision"]
    ended = space.roll("web:2", "RolledForward")
    assert ended["status"]["reason"] == "NoChange"
    assert ended["status"]["message"] == "instances 0-2 are frozen"
    assert space.job()["status"]["currentRevision"] == old
    assert is_true(space.wait_ready(), "Ready")


def test_frozen_in_the_midst_of_an_update(space: Space) -> None:
    slow = {"behaviour": "ready-after", "ready_after": "400ms"}
    space.made(job(instances=6, steering=slow))
    space.set_image("web:2", **slow)
    space.until(
        "the first to be new", lambda: 0 in space.pods() and space.pods()[0].image == "web:2"
    )
    freeze(space, "4-5")
    ended = space.wait_update("RolledForward", timeout=40)
    assert ended["status"]["counts"]["total"] == 4
    space.wait_ready()
    assert {i for i, pod in space.pods().items() if pod.image == "web:1"} == {4, 5}


def test_a_senseless_set_is_told(space: Space) -> None:
    frozen(space, "1", instances=2)
    freeze(space, "one")
    told = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert condition(told, "Stalled")["reason"] == "InvalidFrozen"
    assert condition(told, "Stalled")["message"].startswith("spec.frozen: ")
    assert told["status"]["frozen"] == "1"
    freeze(space, "1")
    space.wait_ready()


def test_manual_waits_for_a_person(space: Space) -> None:
    frozen(space, "1", instances=2)
    space.roll("web:2", "RolledForward")
    space.patch_job(update={"mode": "Manual"}, frozen=None)
    told = space.wait_job("UpdatePending", lambda j: is_true(j, "UpdatePending"))
    assert condition(told, "UpdatePending")["reason"] == "Manual"
    space.create(update("mine"))
    space.wait_update("RolledForward", name="mine", timeout=40)
    in_force(space, "")
    assert {pod.image for pod in space.pods().values()} == {"web:2"}
