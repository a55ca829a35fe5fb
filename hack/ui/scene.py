"""A local control plane with the operator and Jobs in every state."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Final

from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from hack.ui.jobs import Object, Part, parts, template
from hack.ui.metrics import Metrics
from hack.ui.programs import start_operator

GROUP: Final = "/apis/echelon.dev/v1alpha1"
NODES: Final = 14
_POLL: Final = 0.2


class Scene:
    """`change` brings the Jobs to their states. The control plane ends with the block.

    ``instances``: of the largest Job.
    """

    def __init__(self, instances: int = 400) -> None:
        self._instances = instances
        self._stack = ExitStack()
        self._made: list[Part] = []
        self.cluster = Cluster(nodes=NODES)

    def __enter__(self) -> Scene:
        with ExitStack() as stack:
            self._stack = stack
            self._start()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        self._stack.enter_context(self.cluster)
        metrics = self._stack.enter_context(Metrics())
        start_operator(self._stack, self.cluster)
        self._made = parts(metrics.address, self._instances)
        for namespace in sorted({part.namespace for part in self._made}):
            self.cluster.api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        for part in self._made:
            self.cluster.api.create(self.path(part.namespace, "echelonjobs"), part.job())

    def path(self, namespace: str, plural: str, name: str = "") -> str:
        """The path of a kind of objects, or of one, at the API server."""
        return f"{GROUP}/namespaces/{namespace}/{plural}{f'/{name}' if name else ''}"

    def change(self, wanted: Callable[[], bool] = lambda: True) -> None:
        """Make the changes, each when its Job is ready for it. Returns when all are made, or when
        nobody wants them any longer."""
        waiting = [part for part in self._made if part.after]
        while waiting and wanted():
            for part in [part for part in waiting if self._is_ready(part)]:
                waiting.remove(part)
                self._change(part)
            time.sleep(_POLL)

    def _change(self, part: Part) -> None:
        assert part.after is not None
        wanted = template(part.name, *part.after)
        self.set_template(part.namespace, part.name, wanted)
        if part.update is not None:
            update = {
                "apiVersion": "echelon.dev/v1alpha1",
                "kind": "Update",
                "metadata": {"name": f"{part.name}-plan"},
                "spec": {"job": part.name, **part.update},
            }
            self.cluster.api.create(self.path(part.namespace, "updates"), update)

    def set_template(self, namespace: str, job: str, wanted: Object) -> None:
        """Replace the template of a Job."""
        change = [{"op": "replace", "path": "/spec/template", "value": wanted}]
        kind = "application/json-patch+json"
        self.cluster.api.request("PATCH", self.path(namespace, "echelonjobs", job), change, kind)

    def _is_ready(self, part: Part) -> bool:
        return self.condition(part.namespace, "echelonjobs", part.name, "Ready")

    def status(self, namespace: str, plural: str, name: str) -> Object:
        """The status of an object; empty as long as there is none."""
        try:
            found: Object = self.cluster.api.get(self.path(namespace, plural, name))
        except ApiError:
            return {}
        return found.get("status") or {}

    def condition(self, namespace: str, plural: str, name: str, kind: str) -> bool:
        """Whether a condition of an object is True."""
        conditions = self.status(namespace, plural, name).get("conditions") or ()
        return {each["type"]: each["status"] for each in conditions}.get(kind) == "True"
