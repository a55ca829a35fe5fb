"""Reads which pods a PodDisruptionBudget covers, from its JSON data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from controller.view.node_plan import BudgetState

Object = dict[str, Any]


def budget_state(raw: Object, pods: Iterable[Object]) -> BudgetState:
    """The budget, with those of the pods of its namespace whose eviction it counts: Ready ones, and
    others as its ``unhealthyPodEvictionPolicy`` says."""
    status, spec = raw.get("status") or {}, raw.get("spec") or {}
    healthy, wanted = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    frees = spec.get("unhealthyPodEvictionPolicy") == "AlwaysAllow" or healthy >= wanted
    covers = {
        pod["metadata"]["uid"]
        for pod in pods
        if selects(spec.get("selector"), pod["metadata"].get("labels") or {})
        and (_is_ready(pod) or not frees)
    }
    meta = raw["metadata"]
    allowed = int(status.get("disruptionsAllowed") or 0)
    return BudgetState(meta["namespace"], meta["name"], allowed, frozenset(covers))


def selects(selector: Object | None, labels: Mapping[str, str]) -> bool:
    """Whether a label selector selects an object. As in policy/v1, an absent one selects nothing
    and an empty one everything."""
    if selector is None:
        return False
    wanted = (selector.get("matchLabels") or {}).items()
    rules = selector.get("matchExpressions") or ()
    return wanted <= labels.items() and all(_fits(labels, rule) for rule in rules)


def _fits(labels: Mapping[str, str], rule: Object) -> bool:
    value, values = labels.get(rule["key"]), rule.get("values") or ()
    match rule["operator"]:
        case "In":
            return value is not None and value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
