"""The PodDisruptionBudgets that the operator sees, and which of them select the pods of a Job."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Any, Final

import msgspec

from controller.api import labels
from controller.api.meta import seconds
from controller.api.policy import ResolvedPolicy
from controller.core.model.budget import Budget, KeepBudget, own_name
from controller.core.overlays.variants import usable
from controller.kube.client import Client
from controller.kube.codec import struct_codec
from controller.kube.errors import AlreadyExists, Invalid, NotFound
from controller.kube.resources import BUDGETS
from controller.reconcile.entry import Entry
from controller.reconcile.references import owner_reference

#: The labels whose value differs between the pods of a Job: a selector may mean any of them.
_ANY: Final = (labels.INSTANCE, labels.REVISION)


class _Owner(msgspec.Struct):
    uid: str
    controller: bool | None = None


class _Meta(msgspec.Struct, rename="camel"):
    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""
    owner_references: list[_Owner] | None = None


class _Requirement(msgspec.Struct):
    key: str
    operator: str
    values: list[str] | None = None


class _Selector(msgspec.Struct, rename="camel"):
    match_labels: dict[str, str] | None = None
    match_expressions: list[_Requirement] | None = None


class _Spec(msgspec.Struct, rename="camel"):
    selector: _Selector | None = None
    min_available: Any = None
    max_unavailable: Any = None
    unhealthy_pod_eviction_policy: str = ""


class _Status(msgspec.Struct, rename="camel"):
    disruptions_allowed: int = 0
    disrupted_pods: dict[str, str] | None = None


class BudgetWire(msgspec.Struct):
    """The fields of a PodDisruptionBudget that are parsed."""

    metadata: _Meta
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


@dataclass(frozen=True, slots=True)
class BudgetObject:
    """A PodDisruptionBudget. ``selector``: its requirements, ``(key, operator, values)``; None if
    it selects nothing. ``allowed``: whether it allows an eviction now. The rest: see `Budget`."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    owner: str
    selector: tuple[tuple[str, str, tuple[str, ...]], ...] | None
    least: int | None
    policy: str
    allowed: bool
    disrupted: Mapping[str, float]

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    def says_the_same(self, other: BudgetObject) -> bool:
        """Whether decisions find nothing new in it."""
        return self._said == other._said

    @property
    def _said(self) -> tuple[object, ...]:
        facts = self.uid, self.owner, self.selector, self.least, self.policy, self.allowed
        return (*facts, self.disrupted)


def budget_of(wire: BudgetWire) -> BudgetObject:
    """The slim form of a PodDisruptionBudget."""
    meta, spec, status = wire.metadata, wire.spec, wire.status
    owner = next((o.uid for o in meta.owner_references or () if o.controller), "")
    least = spec.min_available
    return BudgetObject(
        intern(meta.namespace),
        meta.name,
        meta.uid,
        meta.resource_version,
        owner,
        None if spec.selector is None else _requirements(spec.selector),
        least if isinstance(least, int) and spec.max_unavailable is None else None,
        intern(spec.unhealthy_pod_eviction_policy),
        status.disruptions_allowed > 0,
        {name: seconds(at) for name, at in (status.disrupted_pods or {}).items()},
    )


def _requirements(selector: _Selector) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    found: list[tuple[str, str, tuple[str, ...]]]
    found = [(key, "In", (value,)) for key, value in (selector.match_labels or {}).items()]
    found += [(r.key, r.operator, tuple(r.values or ())) for r in selector.match_expressions or ()]
    return tuple(sorted(found))


def read_budget(raw: dict[str, Any]) -> BudgetObject:
    """The slim form, from an answer of the API server."""
    return budget_of(msgspec.convert(raw, BudgetWire))


BUDGET_CODEC = struct_codec(BudgetWire, budget_of)


class Budgets:
    """The budgets of all namespaces that the operator serves."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, BudgetObject]] = {}

    def put(self, item: BudgetObject) -> bool:
        """Take a version. Returns False if it is old, or decisions find nothing new in it."""
        there = self._known.setdefault(item.namespace, {})
        known = there.get(item.name)
        same = known is not None and known.uid == item.uid
        if known and same and int(known.resource_version) >= int(item.resource_version):
            return False
        there[item.name] = item
        return known is None or not known.says_the_same(item)

    def drop(self, key: str, uid: str) -> bool:
        """Drop the budget with this uid. Returns whether there was one."""
        namespace, _, name = key.partition("/")
        there = self._known.get(namespace, {})
        if name not in there or there[name].uid != uid:
            return False
        del there[name]
        return True

    def held(self, namespace: str | None) -> dict[str, str]:
        """Informer key -> uid."""
        known = self._known if namespace is None else {namespace: self._known.get(namespace, {})}
        return {b.key: b.uid for there in known.values() for b in there.values()}

    def of(self, entry: Entry) -> tuple[Budget, ...]:
        """The budgets that matter for a Job: its own, and if it obeys any, those that select its
        pods."""
        there = self._known.get(entry.key[0])
        if not there or entry.job is None:
            return ()
        own = own_name(entry.key[1])
        if not obeys(entry):
            mine = there.get(own)
            return (_seen(mine, True, entry),) if mine and mine.owner == entry.uid else ()
        namespace, job = entry.key
        every = (usable(d, job, namespace) for d in (entry.template, *entry.templates.values()))
        sets = [_labels(v.template, *entry.key) for some in every if some for v in some.all]
        found = ((b, any(_selects(b.selector, each) for each in sets)) for b in there.values())
        return tuple(_seen(b, yes, entry) for b, yes in found if yes or b.name == own)


def obeys(entry: Entry) -> bool:
    """Whether the Job has an sla or moves instances, or it or one of its Updates obeys budgets."""
    assert entry.job is not None
    spec = entry.job.spec
    if spec.sla is not None or spec.update.sla_aware or entry.instances.marked:
        return True
    return any(policy.sla_aware for policy in _policies(entry))


def _policies(entry: Entry) -> Iterator[ResolvedPolicy]:
    for each in entry.updates.values():
        if each.update is not None and each.update.status.policy is not None:
            yield each.update.status.policy


def _seen(budget: BudgetObject, selects: bool, entry: Entry) -> Budget:
    as_made = budget.selector == ((labels.JOB, "In", (entry.key[1],)),)
    as_made &= budget.policy == "AlwaysAllow" and budget.least is not None
    return Budget(
        budget.name, budget.uid, budget.owner, selects, budget.least, as_made, budget.disrupted
    )


def _selects(
    selector: tuple[tuple[str, str, tuple[str, ...]], ...] | None, given: Mapping[str, str]
) -> bool:
    return selector is not None and all(_fits(given, *requirement) for requirement in selector)


def _fits(given: Mapping[str, str], key: str, operator: str, values: tuple[str, ...]) -> bool:
    if key in _ANY:
        return operator != "DoesNotExist"
    match operator:
        case "In":
            return given.get(key) in values
        case "NotIn":
            return given.get(key) not in values
        case "Exists":
            return key in given
        case _:
            return key not in given


@lru_cache(maxsize=1024)
def _labels(template: bytes, namespace: str, job: str) -> Mapping[str, str]:
    """The labels of the pods of a template, but for those whose value differs between them."""
    metadata = (json.loads(template) if template else {}).get("metadata") or {}
    found = {str(k): str(v) for k, v in (metadata.get("labels") or {}).items()}
    for key, value in found.items():
        value = value.replace("{{echelon.job}}", job)
        found[key] = value.replace("{{echelon.namespace}}", namespace)
    return {**found, labels.JOB: job, labels.MANAGED_BY: labels.MANAGER}


async def keep(client: Client, entry: Entry, action: KeepBudget) -> BudgetObject | None:
    """Create the Job's own budget, or give it its number. Returns it as stored, None if it is gone
    or another one has its name now. Raises ``ApiError``."""
    namespace, job = entry.key
    spec = {
        "minAvailable": action.least,
        "selector": {"matchLabels": {labels.JOB: job}},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    if not action.uid:
        metadata = {
            "name": action.name,
            "namespace": namespace,
            "labels": {labels.JOB: job, labels.MANAGED_BY: labels.MANAGER},
            "ownerReferences": [owner_reference(entry)],
        }
        body = {"apiVersion": "policy/v1", "kind": BUDGETS.kind, "metadata": metadata, "spec": spec}
        try:
            return read_budget(await client.create(BUDGETS, namespace, body))
        except AlreadyExists:
            return read_budget(await client.get(BUDGETS, namespace, action.name))
    change: list[dict[str, Any]] = [
        {"op": "test", "path": "/metadata/uid", "value": action.uid},
        {"op": "replace", "path": "/spec", "value": spec},
    ]
    try:
        answer = await client.patch(BUDGETS, namespace, action.name, change, content_type="json")
    except NotFound:
        return None
    except Invalid:
        # Another budget has the name now, or the API server refuses the number.
        found = read_budget(await client.get(BUDGETS, namespace, action.name))
        if found.uid == action.uid:
            raise
        return found
    return read_budget(answer)
