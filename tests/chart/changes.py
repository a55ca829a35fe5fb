"""A change of each value of the chart to another valid value than its default."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Change:
    """``value`` replaces the default. ``given``: other values that it needs to have an effect."""

    value: Any
    given: dict[str, Any] = field(default_factory=dict)


_EGRESS: Final = {"networkPolicy.enabled": True, "networkPolicy.egress.enabled": True}
_MONITOR: Final = {"metrics.serviceMonitor.enabled": True}
_RULE: Final = {"prometheusRule.enabled": True}
_DASHBOARD: Final = {"grafana.dashboard.enabled": True}
_RELABEL: Final = [{"action": "labeldrop", "regex": "pod"}]
_PEER: Final = [{"namespaceSelector": {"matchLabels": {"team": "metrics"}}}]
_OWN: Final = {"example.com/team": "platform"}

_PAGE: Final = {"page.enabled": True}
_PROXY: Final = _PAGE | {"page.auth": "headers", "page.proxy.from": ["127.0.0.1/32"]}
_PAGE_URLS: Final = ["https://echelon.example.com"]
_INGRESS: Final = _PAGE | {"page.urls": _PAGE_URLS, "page.ingress.enabled": True}
_OF_PAGE: Final = {
    "enabled": Change(True),
    "urls": Change(_PAGE_URLS, _PAGE),
    "place": Change("production: east", _PAGE),
    "auth": Change("headers", _PAGE | {"page.proxy.from": ["127.0.0.1/32"]}),
    "sessionSeconds": Change(3600, _PAGE),
    "reviewSeconds": Change(30, _PAGE),
    "port": Change(8443, _PAGE),
    "proxy.from": Change(["10.0.0.0/8", "2001:db8::/32"], _PAGE),
    "proxy.secretName": Change("proxy", _PROXY),
    "proxy.userHeader": Change("X-Forwarded-User", _PROXY),
    "proxy.groupHeader": Change("X-Forwarded-Groups", _PROXY),
    "proxy.groupSeparator": Change(",", _PROXY),
    "proxy.userPrefix": Change("oidc:", _PROXY),
    "proxy.groupPrefix": Change("oidc:", _PROXY),
    "tls.secretName": Change("page-tls", _PAGE | {"page.urls": _PAGE_URLS}),
    "serviceAccount.create": Change(False, _PAGE),
    "serviceAccount.name": Change("page", _PAGE),
    "serviceAccount.annotations": Change(_OWN, _PAGE),
    "service.type": Change("LoadBalancer", _PAGE),
    "service.port": Change(80, _PAGE),
    "service.targetPort": Change(4180, _PAGE),
    "service.annotations": Change(_OWN, _PAGE),
    "service.labels": Change(_OWN, _PAGE),
    "ingress.enabled": Change(True, _PAGE | {"page.urls": _PAGE_URLS}),
    "ingress.className": Change("internal", _INGRESS),
    "ingress.tlsSecretName": Change("page-tls", _INGRESS),
    "ingress.annotations": Change(_OWN, _INGRESS),
    "ingress.labels": Change(_OWN, _INGRESS),
    "networkPolicy.from": Change(_PEER, _PAGE | {"networkPolicy.enabled": True}),
    "resources": Change({"requests": {"cpu": 1}}, _PAGE),
    "affinity": Change({"podAntiAffinity": {}}, _PAGE),
    "podAnnotations": Change(_OWN, _PAGE),
    "podLabels": Change(_OWN, _PAGE),
    "extraArgs": Change(["--log-level=debug"], _PAGE),
    "extraEnv": Change([{"name": "HTTPS_PROXY", "value": "http://proxy.example.com"}], _PAGE),
    "extraVolumes": Change([{"name": "ca", "configMap": {"name": "ca"}}], _PAGE),
    "extraVolumeMounts": Change(
        [{"name": "ca", "mountPath": "/etc/ssl/own"}],
        _PAGE | {"page.extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}]},
    ),
    "extraContainers": Change([{"name": "proxy", "image": "proxy:1"}], _PAGE),
}

CHANGES: Final = {
    "nameOverride": Change("rollouts"),
    "fullnameOverride": Change("rollouts"),
    "namespaceOverride": Change("elsewhere"),
    "commonLabels": Change(_OWN),
    "watchNamespaces": Change(["team-a", "team-b"]),
    "crds.install": Change(False),
    "crds.keep": Change(False),
    "crds.annotations": Change(_OWN),
    "image.registry": Change("registry.example.com"),
    "image.repository": Change("platform/echelon"),
    "image.tag": Change("1.2.3"),
    "image.digest": Change("sha256:" + 64 * "0"),
    "image.pullPolicy": Change("Always"),
    "imagePullSecrets": Change([{"name": "regcred"}]),
    "replicaCount": Change(1),
    "strategy": Change({"type": "Recreate"}),
    "revisionHistoryLimit": Change(3),
    "terminationGracePeriodSeconds": Change(60),
    "logging.format": Change("console"),
    "logging.level": Change("debug"),
    "controller.workers": Change(8),
    "controller.connections": Change(16),
    "controller.resyncSeconds": Change(60),
    "controller.reportSeconds": Change(2),
    "controller.maxVoluntaryDisruption": Change("12%"),
    "controller.stuckSeconds": Change(300),
    "maintenance.enabled": Change(True),
    "maintenance.evictOthers": Change(True, {"maintenance.enabled": True}),
    "gates.caFile": Change("/etc/ssl/company.pem"),
    "gates.allowLoopback": Change(True),
    "leaderElection.leaseName": Change("rollouts"),
    "leaderElection.leaseNamespace": Change("elsewhere"),
    "leaderElection.shards": Change(4),
    "leaderElection.leaseDurationSeconds": Change(30),
    "leaderElection.renewDeadlineSeconds": Change(12.5),
    "leaderElection.retryPeriodSeconds": Change(0.5),
    "serviceAccount.create": Change(False),
    "serviceAccount.name": Change("rollouts"),
    "serviceAccount.annotations": Change(_OWN),
    "serviceAccount.labels": Change(_OWN),
    "serviceAccount.automountServiceAccountToken": Change(False),
    "rbac.create": Change(False),
    "rbac.aggregateRoles": Change(False),
    "rbac.secrets": Change(["approval"]),
    "rbac.coordinators": Change(["https://consent.shop.svc/may"]),
    "resources": Change({"requests": {"cpu": 1}, "limits": {"memory": "1Gi"}}),
    "nodeSelector": Change({"kubernetes.io/os": "linux"}),
    "tolerations": Change([{"key": "control-plane", "operator": "Exists"}]),
    "affinity": Change(
        {
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "topologyKey": "kubernetes.io/hostname",
                        "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "echelon"}},
                    }
                ]
            }
        }
    ),
    "topologySpreadConstraints": Change(
        [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
            }
        ]
    ),
    "priorityClassName": Change("system-cluster-critical"),
    "runtimeClassName": Change("sandboxed"),
    "deploymentAnnotations": Change(_OWN),
    "podAnnotations": Change(_OWN),
    "podLabels": Change(_OWN),
    "podSecurityContext": Change({"runAsUser": 1000, "supplementalGroups": [2000]}),
    "securityContext": Change({"runAsUser": 1000}),
    "hostNetwork": Change(True),
    "dnsPolicy": Change("None", {"dnsConfig": {"nameservers": ["192.0.2.53"]}}),
    "dnsConfig": Change({"nameservers": ["192.0.2.53"], "searches": ["example.com"]}),
    "hostAliases": Change([{"ip": "192.0.2.1", "hostnames": ["api.example.com"]}]),
    "extraArgs": Change(["--workers=4"]),
    "extraEnv": Change([{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}]),
    "extraEnvFrom": Change([{"configMapRef": {"name": "proxy"}}]),
    "extraVolumes": Change([{"name": "ca", "configMap": {"name": "ca"}}]),
    "extraVolumeMounts": Change(
        [{"name": "ca", "mountPath": "/etc/ssl/own", "readOnly": True}],
        {"extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}]},
    ),
    "initContainers": Change([{"name": "before", "image": "before:1"}]),
    "extraContainers": Change([{"name": "beside", "image": "beside:1"}]),
    "extraObjects": Change(
        [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {
                    "name": '{{ include "echelon.fullname" . }}-own',
                    "namespace": "{{ .Release.Namespace }}",
                },
                "data": {"key": "value"},
            }
        ]
    ),
    "health.port": Change(8081),
    "health.livenessProbe": Change({"periodSeconds": 30}),
    "health.readinessProbe": Change({"initialDelaySeconds": 3}),
    "metrics.enabled": Change(False),
    "metrics.port": Change(8080),
    "metrics.service.enabled": Change(False),
    "metrics.service.type": Change("NodePort"),
    "metrics.service.port": Change(80),
    "metrics.service.annotations": Change({"prometheus.io/scrape": "true"}),
    "metrics.service.labels": Change(_OWN),
    "metrics.jobs": Change(50),
    "metrics.serviceMonitor.enabled": Change(True),
    "metrics.serviceMonitor.namespace": Change("elsewhere", _MONITOR),
    "metrics.serviceMonitor.labels": Change({"release": "prometheus"}, _MONITOR),
    "metrics.serviceMonitor.annotations": Change(_OWN, _MONITOR),
    "metrics.serviceMonitor.interval": Change("15s", _MONITOR),
    "metrics.serviceMonitor.scrapeTimeout": Change("10s", _MONITOR),
    "metrics.serviceMonitor.honorLabels": Change(True, _MONITOR),
    "metrics.serviceMonitor.relabelings": Change(_RELABEL, _MONITOR),
    "metrics.serviceMonitor.metricRelabelings": Change(_RELABEL, _MONITOR),
    "prometheusRule.enabled": Change(True),
    "prometheusRule.namespace": Change("elsewhere", _RULE),
    "prometheusRule.labels": Change({"release": "prometheus"}, _RULE),
    "prometheusRule.annotations": Change(_OWN, _RULE),
    "prometheusRule.runbookUrl": Change("https://runbooks.example.com/echelon", _RULE),
    "prometheusRule.alerts": Change({"EchelonUpdateStuck": {"threshold": 7200}}, _RULE),
    "grafana.dashboard.enabled": Change(True),
    "grafana.dashboard.namespace": Change("elsewhere", _DASHBOARD),
    "grafana.dashboard.labels": Change({"dashboards": "yes"}, _DASHBOARD),
    "grafana.dashboard.annotations": Change({"grafana_folder": "Echelon"}, _DASHBOARD),
    "networkPolicy.enabled": Change(True),
    "networkPolicy.metricsFrom": Change(_PEER, {"networkPolicy.enabled": True}),
    "networkPolicy.egress.enabled": Change(True, {"networkPolicy.enabled": True}),
    "networkPolicy.egress.apiServerPorts": Change([8443], _EGRESS),
    "networkPolicy.egress.apiServerPeers": Change([{"ipBlock": {"cidr": "192.0.2.1/32"}}], _EGRESS),
    "networkPolicy.egress.extra": Change([{"ports": [{"port": 9090}], "to": _PEER}], _EGRESS),
    "podDisruptionBudget.enabled": Change(False),
    "podDisruptionBudget.minAvailable": Change("50%", {"podDisruptionBudget.enabled": True}),
    "podDisruptionBudget.maxUnavailable": Change("25%", {"podDisruptionBudget.enabled": True}),
    "mutatingAdmissionPolicy.enabled": Change(True),
    **{f"page.{name}": change for name, change in _OF_PAGE.items()},
}
