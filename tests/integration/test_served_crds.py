"""CRDs that are older or newer than the operator: it says so, and refuses what cannot work."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hack.crds import FOLDER
from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit
from hack.harness.manifests import condition, job
from hack.harness.operator import USER, Operator
from hack.harness.space import Space

SCHEMA = "/spec/versions/0/schema/openAPIV3Schema/properties"
ENGINE = f"{SCHEMA}/status/properties/engineVersion"
SPEC = f"{SCHEMA}/spec/properties"


@pytest.fixture
def restored(cluster: Cluster, operator: Operator) -> Iterator[None]:
    """The operator is off; at the end the CRDs of this version are back."""
    operator.stop()
    yield
    for name in ("echelonjobs", "updates"):
        cluster.kubectl("replace", "-f", str(FOLDER / f"{name}.yaml"))
        cluster.wait(f"the schema of {name}", lambda n=name: _fits(cluster, n))  # type: ignore[misc]


def change(cluster: Cluster, plural: str, *patch: dict[str, object]) -> None:
    cluster.kubectl("patch", "crd", f"{plural}.echelon.dev", "--type=json", "-p", json.dumps(patch))


def published(cluster: Cluster, kind: str) -> dict[str, dict[str, dict[str, object]]]:
    """The properties of spec and status that the API server publishes."""
    every = cluster.api.get("/openapi/v3/apis/echelon.dev/v1alpha1")["components"]["schemas"]
    found = every[f"dev.echelon.v1alpha1.{kind}"]["properties"]
    return {part: found[part]["properties"] for part in ("spec", "status")}


def _fits(cluster: Cluster, plural: str) -> bool:
    if plural == "updates":
        return "engineVersion" in published(cluster, "Update")["status"]
    return "speed" not in published(cluster, "EchelonJob")["spec"]


@pytest.mark.usefixtures("restored")
def test_with_older_crds_no_job_is_served_until_they_are_updated(
    space: Space, cluster: Cluster, operator: Operator, audit: Audit
) -> None:
    change(cluster, "updates", {"op": "remove", "path": ENGINE})
    cluster.wait("the older schema", lambda: not _fits(cluster, "updates"))
    audit.mark()
    operator.start(ready=False)
    operator.wait("words", lambda: "this operator serves no Job" in operator.said())
    assert "they lack fields that it writes (updates.status.engineVersion)" in operator.said()
    operator.wait("its caches", lambda: "[+]caches ok" in operator._get(0, "/readyz")[1])
    assert not operator.probe("readyz")
    assert operator.probe("healthz"), "a restart would not help"
    assert 'echelon_crd_differences{difference="lost"} 1.0' in operator.metrics()
    space.create(job(instances=1))
    assert [str(r) for r in audit.requests(user=USER) if r.writes] == [], "not even the Lease"
    cluster.kubectl("replace", "-f", str(FOLDER / "updates.yaml"))
    operator.wait("readiness", lambda: operator.probe("readyz"))
    space.wait_ready()


@pytest.mark.usefixtures("restored")
def test_with_newer_crds_it_says_so_and_leaves_alone_only_what_uses_their_fields(
    space: Space, cluster: Cluster, operator: Operator
) -> None:
    value = {"type": "integer", "description": "A field of a later version."}
    change(cluster, "echelonjobs", {"op": "add", "path": f"{SPEC}/speed", "value": value})
    cluster.wait("the newer schema", lambda: not _fits(cluster, "echelonjobs"))
    operator.start()
    operator.wait("words", lambda: "the CRDs are newer than this operator" in operator.said())
    assert "echelonjobs.spec.speed" in operator.said()
    assert 'echelon_crd_differences{difference="newer"} 1.0' in operator.metrics()
    space.made(job(instances=1))
    space.create(job("fast", instances=1, speed=3))
    told = space.wait_job(
        "left alone", lambda j: condition(j, "Stalled").get("reason") == "TooNew", name="fast"
    )
    words = "spec.speed: this version does not know this field"
    assert words in condition(told, "Stalled")["message"]
    assert space.pods("fast") == {}
    space.roll("web:2", "RolledForward")
