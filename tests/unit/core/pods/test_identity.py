"""Whose a pod is that has the name of an instance's pod."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import NONE, Ids
from controller.api.job import KIND
from controller.api.labels import API_VERSION, JOB
from controller.api.meta import ObjectMeta
from controller.api.pods.pod import Pod
from controller.core.pods import identity
from controller.core.pods.identity import NameConflict
from controller.core.pods.index import Instances
from tests.values import replace

UNTIL = 100.0


def meta(owner: dict[str, str] | None = None, **labels: str) -> ObjectMeta:
    """Metadata of a pod ``web-1``, of a controller if ``owner`` is given."""
    given: dict[str, Any] = {"name": "web-1", "namespace": "ns", "labels": labels}
    if owner is not None:
        owner = {"apiVersion": API_VERSION, "kind": KIND, "name": "web", **owner}
        given["ownerReferences"] = [{**owner, "controller": True}]
    return ObjectMeta.model_validate(given)


@pytest.mark.parametrize(
    ("pod", "ours"),
    [
        (meta({"uid": "j1"}), True),
        (meta({"uid": "j1"}, **{JOB: "other"}), True),
        (meta(**{JOB: "web"}), True),
        (meta({"uid": "j0"}, **{JOB: "web"}), True),
        (meta(), False),
        (meta({"uid": "j0"}), False),
        (meta(**{JOB: "other"}), False),
        (meta({"uid": "j0", "name": "other"}, **{JOB: "web"}), False),
        (meta({"uid": "r1", "kind": "ReplicaSet"}, **{JOB: "web"}), False),
    ],
)
def test_whether_a_pod_is_for_the_job(pod: ObjectMeta, ours: bool) -> None:
    assert identity.is_of(pod, "j1", "web") == ours


def test_a_reference_that_is_not_the_controllers_says_nothing() -> None:
    reference = {"apiVersion": API_VERSION, "kind": KIND, "name": "web", "uid": "j1"}
    pod = ObjectMeta.model_validate({"name": "web-1", "ownerReferences": [reference]})
    assert not identity.is_of(pod, "j1", "web")


def test_a_conflict_says_how_to_hand_the_pod_over() -> None:
    nobodys = identity.conflict(meta(), "web", "web-abc", UNTIL)
    assert nobodys == NameConflict(
        "web-1",
        "web-abc",
        "the name web-1 is held by a pod that nobody owns; delete it, or hand it over: "
        "kubectl label pod web-1 echelon.dev/job=web echelon.dev/revision=abc",
        UNTIL,
    )
    owned = identity.conflict(meta({"uid": "r", "kind": "ReplicaSet", "name": "x"}), "web", "", 0)
    assert "belongs to ReplicaSet x; delete it" in owned.who
    assert owned.who.endswith(
        "delete ReplicaSet x with --cascade=orphan, "
        "then kubectl label pod web-1 echelon.dev/job=web"
    )


@pytest.mark.parametrize(
    ("name", "slots", "has_pod", "counts"),
    [
        ("web-1", NONE, False, True),
        ("web-1-s", NONE, False, False),
        ("web-1-s", NONE, True, True),
        ("web-1-s", Ids([1]), False, True),
        ("web-1", Ids([1]), False, False),
    ],
)
def test_a_conflict_in_the_other_slot_counts_only_beside_a_pod(
    name: str, slots: Ids, has_pod: bool, counts: bool
) -> None:
    store = Instances("j1")
    if has_pod:
        store.put(Pod("ns", "web-1", "u1", "web", "j1", 1, revision="web-a"))
    found = identity.name_conflicts(
        {1: NameConflict(name, "web-a", "somebody", UNTIL)}, store.view(slots), slots
    )
    assert found == ({1: "somebody"} if counts else {})


@pytest.mark.parametrize(("controller", "counts"), [("ReplicaSet x", True), ("", False)])
def test_a_labelled_pod_of_another_controller_holds_its_name(controller: str, counts: bool) -> None:
    store = Instances("j1")
    pod = Pod("ns", "web-2", "u2", "web", "r1", 2, revision="web-a")
    store.put(replace(pod, foreign_controller=controller))
    found = identity.name_conflicts({}, store.view(), NONE)
    assert list(found) == ([2] if counts else [])
    assert all("belongs to ReplicaSet x" in who for who in found.values())
