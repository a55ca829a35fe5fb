"""The claims of each Job, and only its own."""

from __future__ import annotations

from typing import Any

from controller.api.ids import NONE, Ids
from controller.core.model.claims import NOT_FOLLOWED
from controller.reconcile.claims.objects import ClaimObject, read_claim
from controller.reconcile.claims.store import ClaimStore, Key

KEY: Key = ("ns", "web")


def claim(i: int = 0, version: int = 1, job: str = "web", **changes: Any) -> ClaimObject:
    meta = {
        "name": f"data-{job}-{i}",
        "namespace": "ns",
        "uid": f"c{i}",
        "resourceVersion": str(version),
        "labels": {"echelon.dev/job": job, "echelon.dev/instance": str(i)},
        **changes,
    }
    return read_claim({"metadata": meta, "spec": {}, "status": {"phase": "Bound"}})


def made() -> tuple[ClaimStore, list[Key]]:
    changed = list[Key]()
    store = ClaimStore(changed.append)
    store.wanted.set()
    store.followed = True
    return store, changed


def present(store: ClaimStore, key: Key = KEY) -> Ids:
    return store.of(key, "j1", frozenset()).present.get("data", NONE)


def test_nothing_is_known_before_claims_are_wanted() -> None:
    store = ClaimStore(lambda _: None)
    assert store.of(KEY, "j1", frozenset()) is NOT_FOLLOWED


def test_a_job_has_its_own_claims() -> None:
    store, changed = made()
    for each in (claim(0), claim(1), claim(2, job="db")):
        store.put(each)
    assert present(store) == Ids([0, 1])
    assert changed == [KEY, KEY, ("ns", "db")]


def test_an_older_version_and_an_equal_one_change_nothing() -> None:
    store, changed = made()
    store.put(claim(0, 5))
    store.put(claim(0, 4, deletionTimestamp="2026-01-01T00:00:00Z"))
    store.put(claim(0, 6))
    assert (present(store), len(changed)) == (Ids([0]), 1)
    assert store.of(KEY, "j1", frozenset()).deleted == {}


def test_a_claim_that_gets_another_label_belongs_to_another_job() -> None:
    store, _ = made()
    store.put(claim(0))
    store.put(claim(0, 2, labels={"echelon.dev/job": "db", "echelon.dev/instance": "0"}))
    assert present(store) == NONE
    assert store.held(None) == {"ns/data-web-0": "c0"}


def test_a_deleted_claim_does_not_come_back() -> None:
    store, changed = made()
    store.put(claim(0))
    store.drop("ns/data-web-0", "another")
    assert present(store) == Ids([0])
    store.drop("ns/data-web-0", "c0")
    store.put(claim(0, 9))
    assert (present(store), len(changed)) == (NONE, 2)
    assert store.held("ns") == {}
    store.put(claim(0, 10, uid="new"))
    assert present(store) == Ids([0])


def test_what_is_being_made() -> None:
    store, _ = made()
    store.begin(KEY, 3)
    assert store.of(KEY, "j1", frozenset()).making == Ids([3])
    store.end(KEY, 3)
    assert store.of(KEY, "j1", frozenset()).making == NONE


def test_a_problem_is_told_until_all_claims_are_known() -> None:
    store, _ = made()
    store.problem, store.followed = (lambda: "no right"), False
    assert (
        store.of(KEY, "j1", frozenset()).followed,
        store.of(KEY, "j1", frozenset()).problem,
    ) == (False, "no right")
    store.followed = True
    assert store.of(KEY, "j1", frozenset()).problem == ""


def test_held_of_one_namespace() -> None:
    store, _ = made()
    store.put(claim(0))
    assert store.held("other") == {}
    assert store.held("ns") == {"ns/data-web-0": "c0"}
