"""The CRD of Maintenance on a real API server: what it accepts and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from tests.integration.maintenance import PATH

Object = dict[str, Any]

GOOD_MAINTENANCES = {
    "nodes": {"nodes": ["node-0", "node-1.example.com"]},
    "a selector": {"nodeSelector": {"kubernetes.io/hostname": "node-0", "rack": ""}},
    "all": {
        "nodes": [f"node-{n}" for n in range(1000)],
        "mode": "Drain",
        "maxConcurrentNodes": "10%",
        "sla": {"minAvailable": "95%", "durationSeconds": 1800},
        "timeoutSeconds": 3600,
        "otherPods": "Evict",
        "deleteEmptyDirData": True,
    },
}
BAD_MAINTENANCES = {
    "neither": ({}, "exactly one of nodes and nodeSelector; give one of them"),
    "both": (
        {"nodes": ["node-0"], "nodeSelector": {"rack": "7"}},
        "exactly one of nodes and nodeSelector; give one of them",
    ),
    "no node": ({"nodes": []}, "spec.nodes"),
    "a selector of all": ({"nodeSelector": {}}, "spec.nodeSelector"),
    "too many": ({"nodes": [f"node-{n}" for n in range(1001)]}, "spec.nodes"),
    "twice": ({"nodes": ["node-0", "node-0"]}, 'spec.nodes[1]: Duplicate value: "node-0"'),
    "no name": ({"nodes": ["Node 0"]}, "spec.nodes[0]"),
    "a mode": ({"nodes": ["node-0"], "mode": "Reboot"}, "spec.mode"),
    "none at once": ({"nodes": ["node-0"], "maxConcurrentNodes": 0}, "spec.maxConcurrentNodes"),
}


def maintenance(spec: Object, name: str = "rack-7") -> Object:
    kind = {"apiVersion": "echelon.dev/v1alpha1", "kind": "Maintenance"}
    return {**kind, "metadata": {"name": name}, "spec": spec}


@pytest.mark.parametrize("name", GOOD_MAINTENANCES)
def test_a_good_maintenance_is_accepted_as_it_is(cluster: Cluster, name: str) -> None:
    spec = GOOD_MAINTENANCES[name]
    made = cluster.api.create(f"{PATH}?fieldValidation=Strict&dryRun=All", maintenance(spec))
    assert made["spec"] == spec
    assert made["status"] == {"observedGeneration": -1}


@pytest.mark.parametrize("name", BAD_MAINTENANCES)
def test_a_bad_maintenance_is_refused(cluster: Cluster, name: str) -> None:
    spec, words = BAD_MAINTENANCES[name]
    with pytest.raises(ApiError) as refused:
        cluster.api.create(PATH, maintenance(spec))
    assert refused.value.code == 422
    assert words in str(refused.value)


@pytest.mark.parametrize("name", ["rack.7", "r" * 64])
def test_the_name_of_a_maintenance_must_fit_into_a_taint(cluster: Cluster, name: str) -> None:
    with pytest.raises(ApiError, match="must be a DNS label of at most 63 characters"):
        cluster.api.create(PATH, maintenance({"nodes": ["n"]}, name))
