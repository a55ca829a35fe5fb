"""Objects that the API server must refuse, as changes of a valid one, with texts of the refusal."""

from __future__ import annotations

from typing import Any

from tests.integration.bad_claims import CLAIMS
from tests.integration.bad_overlays import OVERLAYS
from tests.integration.bad_pauses import PAUSES

Object = dict[str, Any]

JOB: Object = {
    "apiVersion": "echelon.dev/v1alpha1",
    "kind": "EchelonJob",
    "metadata": {"name": "web"},
    "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}},
}
UPDATE: Object = {
    "apiVersion": "echelon.dev/v1alpha1",
    "kind": "Update",
    "metadata": {"name": "web-1"},
    "spec": {"job": "web"},
}


def changed(base: Object, change: Object) -> Object:
    """A copy of ``base`` with ``change`` merged into it; ``...`` removes a key."""
    result = dict(base)
    for key, value in change.items():
        if value is ...:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = changed(result[key], value)
        else:
            result[key] = value
    return result


def _spec(**fields: Any) -> Object:
    return {"spec": fields}


def _update(**fields: Any) -> Object:
    return _spec(update=fields)


def _strategy(**fields: Any) -> Object:
    return _update(strategy=fields)


def _pod(**fields: Any) -> Object:
    return _spec(template={"spec": fields})


def _patch(**fields: Any) -> Object:
    return _spec(policy=fields)


GATE: Object = {"name": "errors", "builtin": {}}

#: The change, and texts that the refusal must contain; the first is the field.
JOBS: dict[str, tuple[Object, tuple[str, ...]]] = {
    "name of 51 characters": (
        {"metadata": {"name": "a" * 51}},
        ("metadata.name", "at most 50 characters"),
    ),
    "dotted name": ({"metadata": {"name": "web.shop"}}, ("metadata.name", "no dots")),
    "no spec": ({"spec": ...}, ("spec", "Required value")),
    "no template": (_spec(template=...), ("spec.template", "Required value")),
    "unknown type": (_spec(type="Daemon"), ("spec.type", "Unsupported value", "Service")),
    "sla without a number": (
        _spec(sla={"durationSeconds": 300}),
        ("spec.sla.minAvailable", "a number of instances or a percentage"),
    ),
    "coordinator without a URL": (
        _spec(sla={"coordinator": {"timeoutSeconds": 3}}),
        ("spec.sla.coordinator.url", "Required value"),
    ),
    "coordinator without time": (
        _spec(sla={"coordinator": {"url": "http://a", "timeoutSeconds": 0}}),
        ("spec.sla.coordinator.timeoutSeconds", "greater than or equal to 1"),
    ),
    "coordinator whose Secret has a path": (
        _spec(sla={"coordinator": {"url": "http://a", "headersFrom": "../b"}}),
        ("spec.sla.coordinator.headersFrom", "the name of a Secret"),
    ),
    "unknown order": (
        _spec(ordering="Reverse"),
        ("spec.ordering", "Unsupported value", "Ordered"),
    ),
    "negative instances": (
        _spec(instances=-1),
        ("spec.instances", "greater than or equal to 0"),
    ),
    "10001 instances": (_spec(instances=10001), ("spec.instances", "less than or equal to 10000")),
    "instances as text": (_spec(instances="3"), ("spec.instances", "must be of type integer")),
    "negative minReadySeconds": (
        _spec(minReadySeconds=-1),
        ("spec.minReadySeconds", "greater than or equal to 0"),
    ),
    "negative history": (
        _spec(revisionHistoryLimit=-1),
        ("spec.revisionHistoryLimit", "greater than or equal to 0"),
    ),
    "restartPolicy Never": (
        _pod(restartPolicy="Never"),
        ("spec.template.spec.restartPolicy", "must be Always", "leave it out"),
    ),
    "the key of revisions in a template": (
        _spec(template={"echelon": {"overlays": []}}),
        ("spec.template.echelon", "reserved for what a revision keeps"),
    ),
    **OVERLAYS,
    "no containers": (
        _pod(containers=...),
        ("spec.template.spec.containers", "Required value"),
    ),
    "empty containers": (
        _pod(containers=[]),
        ("spec.template.spec.containers", "at least 1"),
    ),
    "container without a name": (
        _pod(containers=[{"image": "web:1"}]),
        ("spec.template.spec.containers[0].name", "Required value"),
    ),
    "two containers of one name": (
        _pod(containers=[{"name": "a"}, {"name": "a"}]),
        ("spec.template.spec.containers[1]", "Duplicate value"),
    ),
    "unknown strategy": (
        _strategy(type="Canary"),
        ("spec.update.strategy.type", "Queue, Batch or VariableBatch"),
    ),
    "the strategy of a Deployment": (
        _strategy(type="RollingUpdate", rollingUpdate={"maxSurge": 1}),
        ("spec.update.strategy.type", "RollingUpdate use type: Queue"),
    ),
    "strategy without a type": (
        _strategy(size=2),
        ("spec.update.strategy.type", "Required value"),
    ),
    "size 0": (
        _strategy(type="Queue", size=0),
        ("spec.update.strategy.size", "greater than or equal to 1"),
    ),
    "size 0%": (_strategy(type="Queue", size="0%"), ("spec.update.strategy.size", "should match")),
    "size 101%": (
        _strategy(type="Queue", size="101%"),
        ("spec.update.strategy.size", "should match"),
    ),
    "size as text": (
        _strategy(type="Queue", size="5"),
        ("spec.update.strategy.size", "should match"),
    ),
    "Batch without size": (
        _strategy(type="Batch"),
        ("spec.update.strategy.size", "required with type Batch"),
    ),
    "VariableBatch without sizes": (
        _strategy(type="VariableBatch"),
        ("spec.update.strategy.sizes", "required with type VariableBatch"),
    ),
    "VariableBatch with size": (
        _strategy(type="VariableBatch", size=3, sizes=[1]),
        ("spec.update.strategy.size", "not used with type VariableBatch"),
    ),
    "Queue with sizes": (
        _strategy(type="Queue", sizes=[1]),
        ("spec.update.strategy.sizes", "allowed with type VariableBatch only"),
    ),
    "sizes [0]": (
        _strategy(type="VariableBatch", sizes=[0]),
        ("spec.update.strategy.sizes[0]", "greater than or equal to 1"),
    ),
    "sizes []": (
        _strategy(type="VariableBatch", sizes=[]),
        ("spec.update.strategy.sizes", "at least 1"),
    ),
    "101 sizes": (
        _strategy(type="VariableBatch", sizes=[1] * 101),
        ("spec.update.strategy.sizes", "at most 100"),
    ),
    **PAUSES,
    **CLAIMS,
    "Queue with autoPause": (
        _strategy(type="Queue", autoPause=True),
        ("spec.update.strategy.autoPause", "Batch and VariableBatch only"),
    ),
    "maxUnavailable 0": (
        _update(maxUnavailable=0),
        ("spec.update.maxUnavailable", "must be at least 1", "replacement: Surge"),
    ),
    "maxUnavailable 0%": (
        _update(maxUnavailable="0%"),
        ("spec.update.maxUnavailable", "must be at least 1", "replacement: Surge"),
    ),
    "negative maxFailedInstances": (
        _update(maxFailedInstances=-1),
        ("spec.update.maxFailedInstances", "greater than or equal to 0"),
    ),
    "negative maxFailuresPerInstance": (
        _update(maxFailuresPerInstance=-1),
        ("spec.update.maxFailuresPerInstance", "greater than or equal to 0"),
    ),
    "negative readyTimeoutSeconds": (
        _update(readyTimeoutSeconds=-1),
        ("spec.update.readyTimeoutSeconds", "greater than or equal to 0"),
    ),
    "unknown mode": (_update(mode="Auto"), ("spec.update.mode", "Unsupported value")),
    "gate of no kind": (
        _update(gates=[{"name": "errors"}]),
        ("spec.update.gates[0]", "exactly one of prometheus"),
    ),
    "a gate that has no time to pass": (
        _update(gates=[{**GATE, "successes": 31}]),
        ("spec.update.gates[0].successes", "need more time than timeoutSeconds"),
    ),
}

UPDATES: dict[str, tuple[Object, tuple[str, ...]]] = {
    "no job": (_spec(job=...), ("spec.job", "Required value")),
    "empty job": (_spec(job=""), ("spec.job", "at least 1 char")),
    "a path as job": (_spec(job="../x?y"), ("spec.job", "is the name of a Job")),
    "a path as revision": (
        _spec(revision="web-1/status"),
        ("spec.revision", "the name of a Contr"),
    ),
    "a path as parent": (_spec(parent=".."), ("spec.parent", "the name of a ControllerRevision")),
    "a path as the Secret of a gate": (
        _patch(gates=[{"name": "a", "webhook": {"url": "http://a", "headersFrom": "../b"}}]),
        ("spec.policy.gates[0].webhook.headersFrom", "the name of a Secret"),
    ),
    "message of 1025 characters": (_spec(message="a" * 1025), ("spec.message", "1024")),
    "instances of 32769 characters": (_spec(instances="1" * 32769), ("spec.instances", "32768")),
    "unknown action": (_spec(action="Retry"), ("spec.action", "Unsupported value")),
    "unknown strategy": (
        _patch(strategy={"type": "Canary"}),
        ("spec.policy.strategy.type", "Queue, Batch or VariableBatch"),
    ),
    "sizes [0]": (
        _patch(strategy={"type": "VariableBatch", "sizes": [0]}),
        ("spec.policy.strategy.sizes[0]", "greater than or equal to 1"),
    ),
    "maxUnavailable 0": (
        _patch(maxUnavailable=0),
        ("spec.policy.maxUnavailable", "must be at least 1", "replacement: Surge"),
    ),
    "gate of two kinds": (
        _patch(gates=[{**GATE, "http": {"url": "http://a"}}]),
        ("spec.policy.gates[0]", "exactly one of"),
    ),
    "two gates of one name": (
        _patch(gates=[GATE, GATE]),
        ("spec.policy.gates[1]", "Duplicate value"),
    ),
}

_WAIT: Object = {"job": "db", "ready": True}
_CONTAINER: Object = {"name": "web", "image": "db:1"}

#: Fields and values of later versions: path of the field -> a manifest that uses it.
LATER_JOBS: dict[str, Object] = {
    "spec.migrations": _spec(migrations=[{"name": "001", "container": _CONTAINER}]),
    "spec.lifecycle": _spec(lifecycle={"leave": {"seconds": 15}}),
    "spec.update.waitFor": _update(waitFor=[_WAIT]),
    "spec.update.gates[0].scope": _update(gates=[{"name": "errors", "http": {"url": "http://a"},
                                                  "scope": "Before"}]),
}  # fmt: skip
LATER_UPDATES: dict[str, Object] = {
    "spec.waitFor": _spec(waitFor=[_WAIT]),
    "spec.undo": _spec(undo="web-g3"),
    "spec.policy.waitFor": _patch(waitFor=[_WAIT]),
    "spec.policy.gates[0].scope": _patch(gates=[{**GATE, "scope": "Before"}]),
}

#: Fields that a newer operator may have written into a status.
LATER_JOB_STATUS: Object = {
    "migrations": ["001"],
    "migrated": [{"migration": "001", "instances": "0-3"}],
    "observedResetMigrated": "3=001",
    "updateSet": {"name": "all", "uid": "1"},
    "ended": [{"instance": 1, "cause": "Move", "exitCode": 0, "endedAt": "2026-01-01T00:00:00Z"}],
    "lastRun": {"name": "web-r1", "succeeded": 3},
    "lastScheduledAt": "2026-01-01T00:00:00Z",
}
LATER_UPDATE_STATUS: Object = {
    "to": {"revision": "web-1", "instances": "0", "source": "abc", "parent": "web-0"},
    "counts": {"relabelled": 3},
    "plan": {"instances": {"relabel": "0-3"}},
    "policy": {"strategy": {"type": "Batch"}, "gates": [{"name": "a", "scope": "Before"}]},
}  # fmt: skip
