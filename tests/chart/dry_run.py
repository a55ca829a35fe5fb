"""Asks the API server with a strict dry run whether it accepts an object."""

from __future__ import annotations

import json
from typing import Any, Final

from hack.devcluster.cluster import Cluster

_CLUSTER_WIDE: Final = {
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
}
_PLURALS: Final = {
    "NetworkPolicy": "networkpolicies",
    "Ingress": "ingresses",
    "MutatingAdmissionPolicy": "mutatingadmissionpolicies",
}

#: The part of the Prometheus operator's definition for the fields that the chart uses.
_RELABELINGS: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"action": {"type": "string"}, "regex": {"type": "string"}},
    },
}
_STRING: Final = {"type": "string"}
_LABELS: Final = {"type": "object", "additionalProperties": _STRING}
_ENDPOINT: Final = {
    "type": "object",
    "properties": {
        "port": _STRING,
        "path": _STRING,
        "interval": {**_STRING, "pattern": r"^(\d+(ms|s|m|h))+$"},
        "scrapeTimeout": _STRING,
        "honorLabels": {"type": "boolean"},
        "relabelings": _RELABELINGS,
        "metricRelabelings": _RELABELINGS,
    },
}
_SPEC: Final = {
    "type": "object",
    "required": ["selector", "endpoints"],
    "properties": {
        "namespaceSelector": {
            "type": "object",
            "properties": {"matchNames": {"type": "array", "items": _STRING}},
        },
        "selector": {"type": "object", "properties": {"matchLabels": _LABELS}},
        "endpoints": {"type": "array", "items": _ENDPOINT},
    },
}
_RULE: Final = {
    "type": "object",
    "required": ["expr"],
    "properties": {
        "alert": _STRING,
        "expr": _STRING,
        "for": {**_STRING, "pattern": r"^(\d+(ms|s|m|h))+$"},
        "keep_firing_for": _STRING,
        "labels": _LABELS,
        "annotations": _LABELS,
    },
}
_GROUP: Final = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": _STRING, "rules": {"type": "array", "items": _RULE}},
}
_RULES: Final = {"type": "object", "properties": {"groups": {"type": "array", "items": _GROUP}}}
_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def _definition(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    singular = kind.lower()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{singular}s.monitoring.coreos.com"},
        "spec": {
            "group": "monitoring.coreos.com",
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": f"{singular}s",
                "singular": singular,
            },
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


class DryRun:
    """Dry runs in one cluster. Each object is sent once."""

    def __init__(self, cluster: Cluster) -> None:
        self._api = cluster.api
        self._passed: set[str] = set()
        for kind, spec in (("ServiceMonitor", _SPEC), ("PrometheusRule", _RULES)):
            self._api.create(_DEFINITIONS, _definition(kind, spec))
        for plural in ("servicemonitors", "prometheusrules"):
            cluster.wait(
                plural,
                lambda p=plural: self._api.get(f"/apis/monitoring.coreos.com/v1/{p}"),  # type: ignore[misc]
            )
        for name in ("echelon", "elsewhere", "team-a", "team-b"):
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self._apply(f"/api/v1/namespaces/{name}", body)

    def send(self, body: dict[str, Any]) -> None:
        """Raises ``ApiError`` with the API server's message if it refuses the object."""
        text = json.dumps(body, sort_keys=True)
        if text not in self._passed:
            self._apply(path(body), body, "&dryRun=All")
            self._passed.add(text)

    def _apply(self, where: str, body: dict[str, Any], more: str = "") -> None:
        query = f"?fieldManager=chart&force=true&fieldValidation=Strict{more}"
        self._api.request("PATCH", where + query, body, "application/apply-patch+yaml")


def path(body: dict[str, Any]) -> str:
    """The path of an object."""
    version, kind, meta = body["apiVersion"], body["kind"], body["metadata"]
    plural = _PLURALS.get(kind, f"{kind.lower()}s")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if kind in _CLUSTER_WIDE:
        assert "namespace" not in meta, f"{kind} {meta['name']} has no namespace"
        return f"{root}/{plural}/{meta['name']}"
    return f"{root}/namespaces/{meta['namespace']}/{plural}/{meta['name']}"
