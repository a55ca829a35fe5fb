"""The Jobs of the page, and what is done to them so that each comes to another state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

Object = dict[str, Any]
SIM: Final = "sim.echelon.dev"


@dataclass(frozen=True)
class Part:
    """A Job and the change that follows its creation. ``change``: fields of its spec; ``update``:
    the spec of an Update that is made then."""

    namespace: str
    name: str
    instances: int
    policy: Object = field(default_factory=dict)
    min_ready: int = 1
    #: The image tag and the annotations of the simulator, before and after the change.
    before: tuple[str, Object] = ("1.4.2", {})
    after: tuple[str, Object] | None = None
    update: Object | None = None

    def job(self) -> Object:
        return {
            "apiVersion": "echelon.dev/v1alpha1",
            "kind": "EchelonJob",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": {"app": self.name, "team": self.namespace},
            },
            "spec": {
                "instances": self.instances,
                "minReadySeconds": self.min_ready,
                "update": self.policy,
                "template": template(self.name, *self.before),
            },
        }


def template(name: str, tag: str, steering: Object) -> Object:
    """A pod template with one container; ``steering``: annotations of the simulator."""
    container = {
        "name": name,
        "image": f"registry.example/{name}:{tag}",
        "env": [{"name": "LOG_LEVEL", "value": "info" if tag.startswith("1.4") else "debug"}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    notes = {f"{SIM}/{key}": str(value) for key, value in steering.items()}
    return {"metadata": {"annotations": notes}, "spec": {"containers": [container]}}


def parts(prometheus: str, instances: int) -> list[Part]:
    """All Jobs. ``prometheus``: the address that gates ask; ``instances``: of the largest Job."""
    slow = {"behaviour": "ready-after", "ready-after": "4s"}
    gate = {
        "name": "error-rate",
        "intervalSeconds": 1,
        "successes": 2,
        "prometheus": {
            "address": prometheus,
            "query": 'sum(rate(errors{pod=~"{{echelon.updated}}"}[1m]))',
            "condition": "result < 0.01",
        },
    }
    latency = {
        "name": "latency",
        "intervalSeconds": 1,
        "successes": 2,
        "prometheus": {
            "address": prometheus,
            "query": 'p99{pod=~"{{echelon.updated}}"}',
            "condition": "updated < baseline * 1.5",
        },
    }
    load = {
        "name": "load",
        "scope": "Continuous",
        "intervalSeconds": 5,
        "prometheus": {"address": prometheus, "query": "load", "condition": "result < 0.9"},
    }
    crash = {"behaviour": "crash-loop", "exit-code": 3, "reason": "Error"}
    return [
        Part("shop", "web", 40, {"strategy": {"type": "Queue", "size": 10}}, after=("1.5.0", {})),
        Part(
            "shop",
            "api",
            120,
            {"strategy": {"type": "Queue", "size": 3}, "gates": [gate, latency]},
            3,
            after=("1.5.0", slow),
        ),
        Part("shop", "checkout", 12, after=("1.5.0-rc1", {**crash, "instances": "3,7"})),
        Part(
            "shop",
            "cart",
            8,
            {"rollbackOnFailure": False, "strategy": {"type": "Batch", "size": 4}},
            after=("2.0.0", {**crash, "instances": "2"}),
        ),
        Part(
            "search",
            "indexer",
            20,
            {"strategy": {"type": "Batch", "size": 5, "autoPause": True}},
            after=("1.5.0", {}),
        ),
        Part("search", "query", 16, {"mode": "Manual"}, after=("1.5.0", {})),
        Part(
            "search",
            "ranker",
            60,
            {"strategy": {"type": "Queue", "size": 2}, "gates": [load]},
            4,
            before=("1.4.2", slow),
            after=("1.5.0", {**crash, "instances": "25"}),
        ),
        Part(
            "search",
            "crawler",
            10,
            {"pulseIntervalSeconds": 1},
            after=("1.5.0", {}),
        ),
        Part("platform", "agent", instances, {"strategy": {"type": "Queue", "size": "2%"}}),
        Part("platform", "mailer", 3, before=("oops", {"behaviour": "pull-error"})),
        Part(
            "platform",
            "auth",
            24,
            {"mode": "Manual", "strategy": {"type": "VariableBatch", "sizes": [1, 5, "50%"]}},
            after=("1.5.0", {}),
            update={"dryRun": True, "message": "What would Friday's change do?"},
        ),
    ]
