"""What was decided and written before: a story that is told many times is mostly the same.

A decision depends on nothing but what was observed and the moment, so an equal one is not made
again. Whoever is careful (see `World`) decides for himself, and compares.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TypeVar

from controller.api.job import JobStatus
from controller.api.update import UpdateStatus
from controller.core.decide import decide
from controller.core.model.observed import Observed
from controller.core.model.plan import Plan
from controller.core.pods.facts import View
from tests.unit.core.sim.cluster import stored

S = TypeVar("S", JobStatus, UpdateStatus)


class Memory:
    """``decide`` and ``stored`` for all tellings of a story."""

    def __init__(self) -> None:
        self._decided: dict[object, list[tuple[object, Plan]]] = defaultdict(list)
        self._stored: dict[int, tuple[object, object]] = {}

    def decide(self, seen: Observed, now: float) -> Plan:
        given, before = _all(seen), self._decided[now, *_outline(seen)]
        for known, plan in before:
            if known == given:
                return plan
        plan = decide(seen, now)
        before.append((_kept(seen), plan))
        return plan

    def stored(self, status: S) -> S:
        """A status is a value: the same one comes through its wire form the same way."""
        known = self._stored.get(id(status))
        if known is None:
            known = self._stored[id(status)] = status, stored(status)
        return known[1]  # type: ignore[return-value]


def _all(seen: Observed) -> tuple[object, ...]:
    """With what is left out when two views are compared."""
    return seen, seen.view.twin, list(seen.view._interruptions)


def _kept(seen: Observed) -> tuple[object, ...]:
    """The same, as it is now: a view reads the store, which changes."""

    def still(view: View) -> View:
        return replace(view, _pods=dict(view._pods))

    view = still(seen.view)
    return replace(seen, view=view), still(seen.view.twin), list(seen.view._interruptions)


def _outline(seen: Observed) -> tuple[object, ...]:
    """What differs at a glance, and the order of what has one: equal maps may differ in it."""
    updates, pods = seen.updates.values(), seen.view._pods.values()
    maps = (seen.updates, seen.finished, seen.gone, seen.revisions, seen.orphans, seen.verdicts)
    more = (seen.answers, seen.refusals, seen.refused_actions, seen.refused_writes, seen.nodes)
    return (
        seen.job.metadata.resource_version,
        seen.job_live,
        *(u.metadata.resource_version for u in updates),
        *(p.resource_version for p in pods),
        *(tuple(each) for each in (*maps, *more, seen.name_conflicts, seen.remade)),
    )
