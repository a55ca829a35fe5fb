"""Which claims are those of instances, and what is kept of them."""

from __future__ import annotations

from typing import Any

import pytest

from controller.core.model.claims import Claim
from controller.reconcile.claims.objects import read_claim

LABELS = {"echelon.dev/job": "web", "echelon.dev/instance": "3"}


def claim(name: str = "data-web-3", **changes: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "ns", "uid": "c1", "resourceVersion": "7", "labels": LABELS}
    spec = {"accessModes": ["ReadWriteOnce"], "volumeName": "pv-9"}
    return {"metadata": meta | changes, "spec": spec, "status": {"phase": "Bound"}}


def owner(kind: str, name: str, uid: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v", "kind": kind, "name": name, "uid": uid, **more}


def test_what_is_kept() -> None:
    found = read_claim(claim())
    spec = b'{"accessModes":["ReadWriteOnce"]}'
    assert found.claim == Claim("data", 3, "data-web-3", "c1", "Bound", spec=spec)
    assert (found.key, found.job_key) == ("ns/data-web-3", ("ns", "web"))
    other = read_claim(claim(uid="c2")).claim
    assert other is not None
    assert found.claim is not None
    assert other.spec is found.claim.spec, "equal specs are kept once"


def test_owners() -> None:
    owners = [
        owner("Pod", "other-3", "p0"),
        owner("Pod", "web-3-s", "p1"),
        owner("EchelonJob", "web", "j1"),
        owner("EchelonJob", "db", "j2"),
    ]
    found = read_claim(claim(ownerReferences=owners)).claim
    assert found is not None
    assert (found.job, found.pod, found.controlled) == ("j1", "p1", False)
    theirs = [owner("Database", "db", "d1", controller=True)]
    found = read_claim(claim(ownerReferences=theirs)).claim
    assert found is not None
    assert (found.job, found.pod, found.controlled) == ("", "", True)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("data-web-4", LABELS),
        ("web-3", LABELS),
        ("data-web-3", {"echelon.dev/job": "web"}),
        ("data-web-03", {**LABELS, "echelon.dev/instance": "03"}),
        ("data-web-10000", {**LABELS, "echelon.dev/instance": "10000"}),
        ("data-web-x", {**LABELS, "echelon.dev/instance": "x"}),
    ],
)
def test_others_are_no_claims_of_instances(name: str, labels: dict[str, str]) -> None:
    assert read_claim(claim(name, labels=labels)).claim is None


def test_a_claim_that_is_being_deleted() -> None:
    found = read_claim(claim(deletionTimestamp="2026-01-01T00:00:00Z")).claim
    assert found is not None
    assert found.deleted
