"""Faults of a drain are found, and what must be is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hack.chaos.drained import CAUSES, node_patches, taken_down, told
from hack.harness.audit import Request
from hack.harness.pods import slim
from hack.harness.sightings import Seen

OWNER = {"kind": "EchelonJob", "apiVersion": "echelon.dev/v1alpha1", "name": "web", "uid": "j"}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}


def saw(kind: str, instance: int, life: int = 1, ready: bool = True, going: bool = False) -> Seen:
    """An event about a pod of the Job."""
    meta = {
        "name": f"web-{instance}",
        "uid": f"{instance}/{life}",
        "creationTimestamp": "then",
        "ownerReferences": [{**OWNER, "controller": True}],
    }
    if going:
        meta["deletionTimestamp"] = "now"
    raw = {"metadata": meta, "spec": {"containers": [{}]}, "status": READY if ready else {}}
    return Seen(0, "Pod", kind, "n", meta["name"], slim(raw), 0.0)


def evict(uid: str) -> Request:
    name = f"web-{uid.partition('/')[0]}"
    body = {"deleteOptions": {"preconditions": {"uid": uid}}}
    return asked("create", "pods", name, body, "eviction")


def asked(verb: str, resource: str, name: str, body: Any, sub: str = "") -> Request:
    at = datetime.now(UTC)
    return Request(at, "u", "a", verb, resource, sub, "", name, 201, False, False, body)


UP = [saw("ADDED", 0), saw("ADDED", 1), saw("ADDED", 2)]


def test_one_after_the_other_by_eviction_is_well() -> None:
    events = [
        *UP,
        saw("MODIFIED", 0, going=True),
        saw("DELETED", 0, going=True),
        saw("ADDED", 0, 2, ready=False),
        saw("MODIFIED", 0, 2),
        saw("MODIFIED", 1, going=True),
    ]
    assert not [*taken_down(events, [evict("0/1"), evict("1/1")], 2)]


def test_too_few_that_count_are_found() -> None:
    events = [*UP, saw("MODIFIED", 0, going=True), saw("MODIFIED", 1, going=True)]
    (found,) = taken_down(events, [evict("0/1"), evict("1/1")], 2)
    assert found == "1 instances count after web-1 went, 2 must"


def test_of_a_surge_the_old_pod_goes_while_its_twin_counts() -> None:
    twin = saw("ADDED", 0, 2)
    events = [*UP, twin, saw("MODIFIED", 0, going=True)]
    assert not [*taken_down(events, [evict("0/1")], 3)]


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ([], "without an eviction"),
        ([evict("0/2")], "without an eviction"),
        ([evict("0/1"), evict("0/1")], "evicted 2 times"),
    ],
)
def test_a_pod_that_counts_is_evicted_once(requests: list[Request], words: str) -> None:
    (found,) = taken_down([*UP, saw("MODIFIED", 0, going=True)], requests, 2)
    assert words in found


def test_a_pod_that_does_not_count_goes_freely() -> None:
    events = [*UP, saw("MODIFIED", 0, ready=False), saw("MODIFIED", 0, ready=False, going=True)]
    assert not [*taken_down(events, [], 3)]


def test_other_changes_of_nodes_are_found() -> None:
    meta = {"uid": "u", "resourceVersion": "7", "annotations": {"echelon.dev/maintenance": "x"}}
    good = {"metadata": meta, "spec": {"unschedulable": True, "taints": []}}
    assert not [*node_patches([asked("patch", "nodes", "a", good)])]
    bad = [{"spec": {"podCIDR": ""}}, {"metadata": {"annotations": {"theirs": None}}}]
    assert len([*node_patches([asked("patch", "nodes", "a", body) for body in bad])]) == 2


def job(*ended: tuple[int, str]) -> dict[str, Any]:
    return {"status": {"ended": [{"instance": i, "cause": cause} for i, cause in ended]}}


def test_an_end_is_told_once_and_with_the_cause() -> None:
    events = [*UP, saw("DELETED", 0)]
    assert not [*told(events, job((0, "Move")), CAUSES)]
    assert not [*told(events, {}, CAUSES)], "what ended while no operator ran may be missing"
    (twice,) = told(events, job((0, "Move"), (0, "Move")), CAUSES)
    assert "1 pods ended, 2 are told" in twice
    (strange,) = told(events, job((0, "Evicted")), CAUSES)
    assert "by Evicted" in strange
