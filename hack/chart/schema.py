"""Generates values.schema.json, with which Helm validates the values of installs and upgrades.

Unknown keys are refused at every level that the chart reads. For values that the chart passes to
Kubernetes (affinity, tolerations, …) the schema has only the outer shape; the API server validates
the rest.

Helm removes a value that is null. If the default is empty, null therefore means the default. All
other values are required, so that the error message names the missing value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from hack.chart.values import Value

Schema = dict[str, Any]

_LABEL: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_PORT: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 65535}
_OBJECTS: Final[Schema] = {"type": "array", "items": {"type": "object"}}
_STRINGS: Final[Schema] = {"type": "array", "items": {"type": "string"}}
#: Labels, annotations and similar maps; null removes a key that an earlier values file has set.
_MAP: Final[Schema] = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
_QUANTITY: Final[Schema] = {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h))*$"}
_NAMESPACE: Final[Schema] = {"type": "string", "pattern": f"^({_LABEL})?$"}
#: The chart truncates longer names.
_PART: Final[Schema] = {"type": "string", "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"}
_NAME: Final[Schema] = {"type": "string", "pattern": "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$"}
_NAMED: Final[Schema] = {
    "type": "array",
    "items": {"type": "object", "required": ["name"]},
}
_PEERS: Final[Schema] = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "podSelector": {"type": "object"},
            "namespaceSelector": {"type": "object"},
            "ipBlock": {"type": "object", "required": ["cidr"]},
        },
    },
}
_PROBE: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        name: {"type": "integer", "minimum": least}
        for name, least in (
            ("initialDelaySeconds", 0),
            ("periodSeconds", 1),
            ("timeoutSeconds", 1),
            ("successThreshold", 1),
            ("failureThreshold", 1),
            ("terminationGracePeriodSeconds", 1),
        )
    },
}


def _one_of(*choices: str) -> Schema:
    return {"type": "string", "enum": list(choices)}


def _seconds(least: float, most: float) -> Schema:
    return {"type": "number", "minimum": least, "maximum": most}


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


#: Schemas of values whose default does not imply the schema. Bounds are those of the flags.
_KNOWN: Final[dict[str, Schema]] = {
    "nameOverride": _PART,
    "fullnameOverride": _PART,
    "namespaceOverride": _NAMESPACE,
    "commonLabels": _MAP,
    "watchNamespaces": {"type": "array", "items": {"type": "string", "pattern": f"^{_LABEL}$"}},
    "crds.annotations": _MAP,
    "rbac.secrets": {"type": "array", "items": {"type": "string", "minLength": 1}},
    "image.repository": {"type": "string", "minLength": 1},
    "image.digest": {"type": "string", "pattern": "^([a-z0-9]+:[0-9a-f]{32,})?$"},
    "image.pullPolicy": _one_of("Always", "IfNotPresent", "Never"),
    "imagePullSecrets": _NAMED,
    "strategy": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "type": _one_of("RollingUpdate", "Recreate"),
            "rollingUpdate": {"type": ["object", "null"]},
        },
    },
    "logging.format": _one_of("json", "console"),
    "logging.level": _one_of("debug", "info", "warning", "error"),
    "controller.workers": _whole(1, 1000),
    "controller.connections": _whole(1, 1000),
    "controller.resyncSeconds": _seconds(10, 86400),
    "controller.reportSeconds": _seconds(0.1, 60),
    "controller.stuckSeconds": _seconds(10, 86400),
    "leaderElection.leaseName": _NAME,
    "leaderElection.leaseNamespace": _NAMESPACE,
    "leaderElection.leaseDurationSeconds": _seconds(2, 3600),
    "leaderElection.renewDeadlineSeconds": _seconds(1, 3600),
    "leaderElection.retryPeriodSeconds": _seconds(0.1, 600),
    "serviceAccount.name": _NAME,
    "serviceAccount.annotations": _MAP,
    "serviceAccount.labels": _MAP,
    "resources": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "requests": {"type": "object"},
            "limits": {"type": "object"},
            "claims": _NAMED,
        },
    },
    "nodeSelector": _MAP,
    "tolerations": _OBJECTS,
    "affinity": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {"type": "object"} for name in ("nodeAffinity", "podAffinity", "podAntiAffinity")
        },
    },
    "topologySpreadConstraints": {
        "type": "array",
        "items": {"type": "object", "required": ["topologyKey", "maxSkew", "whenUnsatisfiable"]},
    },
    "priorityClassName": _NAME,
    "runtimeClassName": _NAME,
    "deploymentAnnotations": _MAP,
    "podAnnotations": _MAP,
    "podLabels": _MAP,
    "dnsPolicy": _one_of("", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "dnsConfig": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "nameservers": _STRINGS,
            "searches": _STRINGS,
            "options": {"type": "array", "items": {"type": "object"}},
        },
    },
    "hostAliases": {"type": "array", "items": {"type": "object", "required": ["ip"]}},
    "extraArgs": _STRINGS,
    "extraEnv": _NAMED,
    "extraEnvFrom": _OBJECTS,
    "extraVolumes": _NAMED,
    "extraVolumeMounts": {
        "type": "array",
        "items": {"type": "object", "required": ["name", "mountPath"]},
    },
    "initContainers": _NAMED,
    "extraContainers": _NAMED,
    "extraObjects": {
        "type": "array",
        "items": {"type": "object", "required": ["apiVersion", "kind", "metadata"]},
    },
    "health.port": _PORT,
    "health.livenessProbe": _PROBE,
    "health.readinessProbe": _PROBE,
    "metrics.port": _PORT,
    "metrics.service.type": _one_of("ClusterIP", "NodePort", "LoadBalancer"),
    "metrics.service.port": _PORT,
    "metrics.service.annotations": _MAP,
    "metrics.service.labels": _MAP,
    "metrics.serviceMonitor.namespace": _NAMESPACE,
    "metrics.serviceMonitor.labels": _MAP,
    "metrics.serviceMonitor.annotations": _MAP,
    "metrics.serviceMonitor.interval": _QUANTITY,
    "metrics.serviceMonitor.scrapeTimeout": _QUANTITY,
    "metrics.serviceMonitor.relabelings": _OBJECTS,
    "metrics.serviceMonitor.metricRelabelings": _OBJECTS,
    "networkPolicy.metricsFrom": _PEERS,
    "networkPolicy.egress.apiServerPorts": {"type": "array", "items": _PORT, "minItems": 1},
    "networkPolicy.egress.apiServerPeers": _PEERS,
    "networkPolicy.egress.extra": _OBJECTS,
    "podDisruptionBudget.minAvailable": {
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^(\d+%)?$"}]
    },
    "podDisruptionBudget.maxUnavailable": {
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\d+%$"}]
    },
}

#: Values that may be null, because another value can replace them.
_OPTIONAL: Final = {"podDisruptionBudget.maxUnavailable"}

#: Values that Helm adds when this chart is a dependency of another chart.
_OF_HELM: Final[Schema] = {
    "global": {"type": "object", "description": "Values of a parent chart; not used."},
    "enabled": {"type": "boolean", "description": "The condition of a parent chart; not used."},
}


def of(values: Sequence[Value]) -> str:
    """The schema as JSON. Raises ``KeyError`` if a rule is about a value that does not exist."""
    if gone := set(_KNOWN) - {value.name for value in values}:
        raise KeyError(
            f"hack/chart/schema.py has schemas of values that do not exist: {sorted(gone)}"
        )
    root: Schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart echelon",
        "description": "Generated from values.yaml by `make chart`. Do not edit.",
        **_group(),
    }
    for value in values:
        group = root
        for name in value.path[:-1]:
            group = _part(group, name)
        allowed = _allowed(value)
        if _may_be_null(value):
            allowed = _or_null(allowed)
        else:
            group["required"].append(value.path[-1])
        group["properties"][value.path[-1]] = {"description": value.text, **allowed}
    root["properties"] |= _OF_HELM
    return json.dumps(root, indent=2, ensure_ascii=False) + "\n"


def _group() -> Schema:
    return {"type": "object", "additionalProperties": False, "required": [], "properties": {}}


def _part(group: Schema, name: str) -> Schema:
    """The subgroup ``name`` of a group; it is created if it does not exist."""
    if name not in group["properties"]:
        group["properties"][name] = _group()
        group["required"].append(name)
    part: Schema = group["properties"][name]
    return part


def _may_be_null(value: Value) -> bool:
    """Whether null is allowed: the default is a map, is empty, or the value is optional."""
    return isinstance(value.default, dict) or value.default in ("", []) or value.name in _OPTIONAL


def _or_null(schema: Schema) -> Schema:
    """The schema that also allows null. Helm keeps null for example in values of a parent chart."""
    if "anyOf" in schema:
        return {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    more: Schema = {"type": [schema["type"], "null"]}
    if "enum" in schema:
        more["enum"] = [*schema["enum"], None]
    return schema | more


def _allowed(value: Value) -> Schema:
    """The schema of a value: the one in ``_KNOWN``, otherwise one of the default's type."""
    if value.name in _KNOWN:
        return _KNOWN[value.name]
    match value.default:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer", "minimum": 0}
        case str():
            return {"type": "string"}
        case dict():
            return {"type": "object"}
    raise KeyError(f"hack/chart/schema.py has no schema for {value.name}")
