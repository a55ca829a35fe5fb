"""Constraints: at most so many instances of a Job on nodes with the same value of a label.

A constraint becomes a topology spread constraint of the pod. The scheduler counts the skew from the
domain with the fewest pods, or from 0 while there are fewer than ``minDomains`` domains. With the
largest ``minDomains`` there always are fewer, so ``maxSkew`` is the number of pods itself. Nodes
without the label are not used. The selector counts each pod of the Job, so also the second pod of
an instance during a surge.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from controller.api import labels
from controller.api.meta import MAX_INT32
from controller.api.overlay import Constraint
from controller.core.overlays.problem import INVALID_TEMPLATE, RefusedError

Object = dict[str, Any]

FIELD: Final = "topologySpreadConstraints"
_WELL_KNOWN: Final = {
    "host": "kubernetes.io/hostname",
    "zone": "topology.kubernetes.io/zone",
    "region": "topology.kubernetes.io/region",
}


def topology_key(key: str) -> str:
    """The label of nodes that the key of a constraint stands for."""
    return _WELL_KNOWN.get(key, key)


def constrained(template: Object, constraints: Iterable[Constraint], job: str) -> Object:
    """The template with its constraints; it is not changed. Raises ``RefusedError`` if a label of
    nodes is constrained twice."""
    constraints, spec = tuple(constraints), template.get("spec")
    if not constraints or not isinstance(spec, dict):
        return template
    given = spec.get(FIELD) or []
    if not isinstance(given, list):
        return template  # The API server refuses it, with its own message.
    taken = {
        each["topologyKey"]: f"template.spec.{FIELD}"
        for each in given
        if isinstance(each, dict) and isinstance(each.get("topologyKey"), str)
    }
    for constraint in constraints:
        key, where = topology_key(constraint.key), f"constraints[{constraint.key}]"
        if key in taken:
            also = f"spec.{taken[key]} constrains {key}, too"
            raise RefusedError(INVALID_TEMPLATE, f"spec.{where}: {also}; remove one of the two")
        taken[key] = where
    ours = [_spread(each, job) for each in constraints]
    return {**template, "spec": {**spec, FIELD: [*given, *ours]}}


def _spread(constraint: Constraint, job: str) -> Object:
    return {
        "topologyKey": topology_key(constraint.key),
        "maxSkew": constraint.limit,
        "minDomains": MAX_INT32,
        "whenUnsatisfiable": "DoNotSchedule",
        "nodeAffinityPolicy": "Ignore",
        "nodeTaintsPolicy": "Ignore",
        "labelSelector": {"matchLabels": {labels.JOB: job}},
    }
