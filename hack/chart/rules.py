"""Schemas of values whose default does not imply the schema. Bounds are those of the flags."""

from __future__ import annotations

from typing import Any, Final

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
_INT_OR_PERCENT: Final[Schema] = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": 999999},
        {"type": "string", "pattern": "^([0-9]{1,6}|([0-9]|[1-9][0-9]|100)%)$"},
    ]
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
_RESOURCES: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "requests": {"type": "object"},
        "limits": {"type": "object"},
        "claims": _NAMED,
    },
}
_AFFINITY: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        name: {"type": "object"} for name in ("nodeAffinity", "podAffinity", "podAntiAffinity")
    },
}
_MOUNTS: Final[Schema] = {
    "type": "array",
    "items": {"type": "object", "required": ["name", "mountPath"]},
}
_HEADER: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9-]+$"}
#: What can be changed of an alert.
_ALERT: Final[Schema] = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {
        "enabled": {"type": "boolean"},
        "threshold": {"type": "number", "minimum": 0},
        "for": _QUANTITY,
        "keepFiringFor": _QUANTITY,
        "severity": {"type": "string", "minLength": 1},
        "labels": _MAP,
    },
}


def _one_of(*choices: str) -> Schema:
    return {"type": "string", "enum": list(choices)}


def _seconds(least: float, most: float) -> Schema:
    return {"type": "number", "minimum": least, "maximum": most}


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


_PAGE: Final[dict[str, Schema]] = {
    "urls": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "string",
            "pattern": r"^(https://[^/?#@\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)/?$",
        },
    },
    "auth": _one_of("token", "headers"),
    "sessionSeconds": _seconds(60, 604800),
    "reviewSeconds": _seconds(1, 600),
    "port": _PORT,
    "proxy.from": {
        "type": "array",
        "items": {"type": "string", "pattern": r"^[0-9a-f.:]+(/\d+)?$"},
    },
    "proxy.secretName": _NAME,
    "proxy.userHeader": _HEADER,
    "proxy.groupHeader": _HEADER,
    "tls.secretName": _NAME,
    "serviceAccount.name": _NAME,
    "serviceAccount.annotations": _MAP,
    "service.type": _one_of("ClusterIP", "NodePort", "LoadBalancer"),
    "service.port": _PORT,
    "service.targetPort": {"anyOf": [_PORT, {"type": "string", "pattern": "^[-a-z0-9]{0,15}$"}]},
    "service.annotations": _MAP,
    "service.labels": _MAP,
    "ingress.className": _NAME,
    "ingress.tlsSecretName": _NAME,
    "ingress.annotations": _MAP,
    "ingress.labels": _MAP,
    "networkPolicy.from": _PEERS,
    "resources": _RESOURCES,
    "affinity": _AFFINITY,
    "podAnnotations": _MAP,
    "podLabels": _MAP,
    "extraArgs": _STRINGS,
    "extraEnv": _NAMED,
    "extraVolumes": _NAMED,
    "extraVolumeMounts": _MOUNTS,
    "extraContainers": _NAMED,
}

KNOWN: Final[dict[str, Schema]] = {
    "nameOverride": _PART,
    "fullnameOverride": _PART,
    "namespaceOverride": _NAMESPACE,
    "commonLabels": _MAP,
    "watchNamespaces": {"type": "array", "items": {"type": "string", "pattern": f"^{_LABEL}$"}},
    "crds.annotations": _MAP,
    "rbac.secrets": {"type": "array", "items": {"type": "string", "minLength": 1}},
    "rbac.coordinators": {"type": "array", "items": {"type": "string", "minLength": 1}},
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
    "controller.maxVoluntaryDisruption": _INT_OR_PERCENT,
    "controller.stuckSeconds": _seconds(10, 86400),
    "leaderElection.leaseName": _NAME,
    "leaderElection.leaseNamespace": _NAMESPACE,
    "leaderElection.shards": _whole(1, 64),
    "leaderElection.leaseDurationSeconds": _seconds(2, 3600),
    "leaderElection.renewDeadlineSeconds": _seconds(1, 3600),
    "leaderElection.retryPeriodSeconds": _seconds(0.1, 600),
    "serviceAccount.name": _NAME,
    "serviceAccount.annotations": _MAP,
    "serviceAccount.labels": _MAP,
    "resources": _RESOURCES,
    "nodeSelector": _MAP,
    "tolerations": _OBJECTS,
    "affinity": _AFFINITY,
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
    "extraVolumeMounts": _MOUNTS,
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
    "metrics.jobs": _whole(0, 100_000),
    "metrics.serviceMonitor.namespace": _NAMESPACE,
    "metrics.serviceMonitor.labels": _MAP,
    "metrics.serviceMonitor.annotations": _MAP,
    "metrics.serviceMonitor.interval": _QUANTITY,
    "metrics.serviceMonitor.scrapeTimeout": _QUANTITY,
    "metrics.serviceMonitor.relabelings": _OBJECTS,
    "metrics.serviceMonitor.metricRelabelings": _OBJECTS,
    "prometheusRule.namespace": _NAMESPACE,
    "prometheusRule.labels": _MAP,
    "prometheusRule.annotations": _MAP,
    "prometheusRule.alerts": {"type": "object", "additionalProperties": _ALERT},
    "grafana.dashboard.namespace": _NAMESPACE,
    "grafana.dashboard.labels": _MAP,
    "grafana.dashboard.annotations": _MAP,
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
    **{f"page.{name}": schema for name, schema in _PAGE.items()},
}
