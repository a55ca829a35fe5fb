"""What tests of Maintenances share: the operator that serves them, the nodes, the Job's part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from hack.harness.manifests import Object
from hack.harness.operator import Operator
from hack.harness.patience import patient
from hack.harness.role import chart_rules, grant, maintenance_rules
from hack.harness.space import Space

USER: Final = "echelon-maintainer"
LEASE: Final = "tests"
PATH: Final = "/apis/echelon.dev/v1alpha1/maintenances"
NODE: Final = "/api/v1/nodes/"
MARK: Final = "echelon.dev/maintenance"
MOVE: Final = "echelon.dev/move"
HOLD: Final = "hold"


def permit(cluster: Cluster, evict: bool = True) -> None:
    """Give the operator's user the rights of the chart with Maintenances."""
    added = [
        rule for rule in maintenance_rules() if evict or "pods/eviction" not in rule["resources"]
    ]
    grant(cluster, USER, [*chart_rules(), *added])


class Nodes:
    """The nodes and Maintenances of a test, as the API server has them."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.api = space.api

    def make(self, name: str, **spec: Any) -> Object:
        kind = {"apiVersion": "echelon.dev/v1alpha1", "kind": "Maintenance"}
        made: Object = self.api.create(PATH, {**kind, "metadata": {"name": name}, "spec": spec})
        return made

    def delete(self, name: str) -> None:
        self.api.delete(f"{PATH}/{name}")

    def change(self, name: str, **spec: Any) -> None:
        self.api.patch(f"{PATH}/{name}", {"spec": spec})

    def get(self, name: str) -> Object:
        found: Object = self.api.get(f"{PATH}/{name}")
        return found

    def node(self, name: str) -> Object:
        found: Object = self.api.get(NODE + name)
        return found

    def mark(self, name: str) -> str:
        return str(self.node(name)["metadata"].get("annotations", {}).get(MARK, ""))

    def cordoned(self, name: str) -> bool:
        return bool(self.node(name)["spec"].get("unschedulable", False))

    def taint(self, name: str) -> str:
        found = self.node(name)["spec"].get("taints", [])
        return next((t.get("value", "") for t in found if t["key"] == MARK), "")

    def phases(self, name: str) -> dict[str, str]:
        nodes = self.get(name).get("status", {}).get("nodes", [])
        return {node["name"]: node["phase"] for node in nodes}

    def condition(self, name: str, kind: str) -> Object:
        found = self.get(name).get("status", {}).get("conditions", [])
        return next((c for c in found if c["type"] == kind), {"status": "", "reason": ""})

    def until(self, what: str, probe: Callable[[], Any], timeout: float = 20.0) -> Any:
        return self.space.cluster.wait(what, probe, patient(timeout))

    def until_phases(self, name: str, timeout: float = 20.0, **phases: str) -> None:
        wanted = {key.replace("_", "-"): phase for key, phase in phases.items()}
        self.until(f"{name}: {wanted}", lambda: self.phases(name) == wanted, timeout)

    def is_clean(self, *names: str) -> bool:
        return not any(self.mark(n) or self.taint(n) or self.cordoned(n) for n in names)

    # The Jobs' part.

    def on(self, node: str) -> list[Object]:
        """The pods of the test's namespace on a node."""
        found = self.api.get(f"/api/v1/namespaces/{self.space.name}/pods")["items"]
        return [pod for pod in found if pod["spec"].get("nodeName") == node]

    def marked(self) -> dict[str, str]:
        """Name of each pod of the test with a mark -> the mark."""
        found = self.api.get(f"/api/v1/namespaces/{self.space.name}/pods")["items"]
        said = {p["metadata"]["name"]: p["metadata"].get("annotations", {}) for p in found}
        return {name: each[MOVE] for name, each in said.items() if MOVE in each}

    def hold(self, count: int) -> None:
        """Forbid evictions of the ``count`` instances, so that what is marked stays."""
        selector = {"matchLabels": {"echelon.dev/job": "web"}}
        spec = {"minAvailable": count, "selector": selector}
        self.api.create(self._budgets, {"metadata": {"name": HOLD}, "spec": spec})

        def observed() -> bool:
            status = self.api.get(f"{self._budgets}/{HOLD}").get("status", {})
            return bool(status.get("currentHealthy") == count)

        self.until("the budget to be observed", observed)

    def let_go(self) -> None:
        """Allow evictions."""
        with suppress(ApiError):
            self.api.delete(f"{self._budgets}/{HOLD}")

    @property
    def _budgets(self) -> str:
        return f"/apis/policy/v1/namespaces/{self.space.name}/poddisruptionbudgets"

    def clear(self) -> None:
        """Delete what the test has put on nodes besides its Job: other tests drain them, too."""
        sets = f"/apis/apps/v1/namespaces/{self.space.name}/replicasets"
        for each in self.api.get(sets)["items"]:
            self.api.delete(f"{sets}/{each['metadata']['name']}")
        pods = f"/api/v1/namespaces/{self.space.name}/pods"

        def others() -> list[str]:
            found = [each["metadata"] for each in self.api.get(pods)["items"]]
            return [m["name"] for m in found if "echelon.dev/job" not in m.get("labels", {})]

        for name in others():
            with suppress(ApiError):
                self.api.delete(f"{pods}/{name}")
        self.until("pods of others to be gone", lambda: not others())

    def drain(self, name: str, timeout: float = 40.0) -> None:
        """Let the Job move what is marked, until the Maintenance is done."""
        self.let_go()
        done = lambda: self.condition(name, "Ready")["status"] == "True"  # noqa: E731
        self.until(f"{name} to be done", done, timeout)

    def busy(self) -> list[str]:
        """The nodes that have pods of the test, in order."""
        found = self.api.get(f"/api/v1/namespaces/{self.space.name}/pods")["items"]
        return sorted({pod["spec"]["nodeName"] for pod in found if "nodeName" in pod["spec"]})


@contextmanager
def serving(cluster: Cluster, identity: str, *args: str) -> Iterator[Operator]:
    """A running operator with --maintenance that may evict others' pods. That of the session serves
    the Jobs."""
    permit(cluster)
    operator = Operator(
        cluster,
        LEASE,
        identity=identity,
        args=["--maintenance", "--maintenance-evict-others", *args],
        kubeconfig=cluster.client_kubeconfig(USER),
    )
    operator.start()
    try:
        yield operator
    finally:
        if operator.running:
            operator.stop()
        operator.close()


@contextmanager
def maintained(space: Space, operator: Operator) -> Iterator[Nodes]:
    """With the operator at work; at the end the nodes are as they were."""
    nodes = Nodes(space)
    try:
        yield nodes
    finally:
        if not operator.running:
            operator.start()
        for each in nodes.api.get(PATH)["items"]:
            nodes.delete(each["metadata"]["name"])
        nodes.clear()
        every = [each["metadata"]["name"] for each in nodes.api.get(NODE[:-1])["items"]]
        for name in every:
            if nodes.cordoned(name) and not nodes.mark(name):
                nodes.api.patch(NODE + name, {"spec": {"unschedulable": None}})
        nodes.until("all nodes to be given back", lambda: nodes.is_clean(*every))
