"""Which API resources there are and where they live: pure path building, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Resource:
    """One API resource. ``group`` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(
        self,
        namespace: str | None = None,
        name: str | None = None,
        subresource: str | None = None,
    ) -> str:
        """The URL path of the collection, one object, or a subresource of one object.

        Without a namespace a namespaced resource means all namespaces, which only lists and
        watches may ask for.
        """
        path = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        if self.namespaced:
            if namespace:
                path += f"/namespaces/{namespace}"
            elif name:
                raise ValueError(f"{self.plural} are namespaced: {name!r} needs a namespace")
        path += f"/{self.plural}"
        if name:
            path += f"/{name}"
        if subresource:
            path += f"/{subresource}"
        return path


PODS: Final = Resource("", "v1", "pods", "Pod")
NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
NODES: Final = Resource("", "v1", "nodes", "Node", namespaced=False)
CONTROLLER_REVISIONS: Final = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
EVENTS: Final = Resource("events.k8s.io", "v1", "events", "Event")
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
BATCH_JOBS: Final = Resource("batch", "v1", "jobs", "Job")


def query_string(**parameters: str | None) -> str:
    """What comes after a path, with its question mark; parameters that are empty are left out."""
    given = {name: value for name, value in parameters.items() if value}
    return "?" + urlencode(given) if given else ""
