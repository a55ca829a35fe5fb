"""The API resources of Kubernetes itself that the operator reads or writes."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from controller.resource import Resource

PODS: Final = Resource("", "v1", "pods", "Pod")
NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
NODES: Final = Resource("", "v1", "nodes", "Node", namespaced=False)
CONTROLLER_REVISIONS: Final = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
EVENTS: Final = Resource("events.k8s.io", "v1", "events", "Event")
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
BUDGETS: Final = Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
BATCH_JOBS: Final = Resource("batch", "v1", "jobs", "Job")
CRON_JOBS: Final = Resource("batch", "v1", "cronjobs", "CronJob")
CLAIMS: Final = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")


def query_string(**parameters: str | None) -> str:
    """The query string of a URL, with its question mark; empty parameters are left out."""
    given = {name: value for name, value in parameters.items() if value}
    return "?" + urlencode(given) if given else ""
