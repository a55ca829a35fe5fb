"""Refused actions on existing objects: their messages, and when they need a person.

A refused delete, change, repair or prune is repeated with back-off (`Refusal.until`) as long as the
Job needs it. An action on a pod that stays refused needs a person, unless the refusal becomes a
failure at the instance's deadline (contract rules 13 and 15).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from controller.api.ids import Ids
from controller.core.model.context import Context
from controller.core.model.observed import RefusedAction
from controller.core.model.plan import (
    ChangePod,
    DeletePod,
    KeepBudget,
    OwnClaim,
    Prune,
    RepairPod,
)

#: Seconds after which an action that is still refused needs a person (as in rule 15).
STUCK_AFTER: Final = 60.0
#: How many refusals are read to find the one that a status reports.
LOOKED_AT: Final = 64
_VERBS: Final = {"delete": "delete", "change": "change", "repair": "repair", "prune": "delete"}


def words(refused: RefusedAction) -> str:
    """``instance 3: cannot delete pod web-3: <the API server's words>``."""
    action = refused.action
    if isinstance(action, Prune):
        return f"cannot delete {action.kind} {action.name}: {refused.refusal.message}"
    if isinstance(action, KeepBudget):
        return f"cannot keep PodDisruptionBudget {action.name}: {refused.refusal.message}"
    if isinstance(action, OwnClaim):
        words = f"cannot write the owners of claim {action.name}: {refused.refusal.message}"
        return f"instance {action.instance}: {words}"
    verb = _VERBS[action.key[0]]
    if isinstance(action, DeletePod) and action.evict:
        verb = "evict"
    elif isinstance(action, RepairPod) and action.relabel:
        verb = "relabel"
    return f"instance {action.instance}: cannot {verb} pod {action.name}: {refused.refusal.message}"


def of_pods(context: Context, ids: Ids | None = None) -> Iterator[RefusedAction]:
    """Refused actions on pods and claims of ``ids`` (None: of all instances), the lowest instance
    first."""
    found = [
        r
        for r in islice(context.observed.refused_actions.values(), LOOKED_AT)
        if isinstance(r.action, DeletePod | ChangePod | RepairPod | OwnClaim)
        and (ids is None or r.action.instance in ids)
    ]
    yield from sorted(found, key=_instance)


def is_stuck(context: Context, refused: RefusedAction) -> bool:
    """Whether the refused action needs a person. A change in place never does: it has a deadline
    instead. Neither does an action that failed because the server is down or too busy."""
    refusal = refused.refusal
    waits = isinstance(refused.action, ChangePod) or not refusal.counts
    return not waits and context.now >= refusal.since + STUCK_AFTER


def next_moment(context: Context) -> float | None:
    """Epoch seconds at which the next refused action is repeated or begins to need a person; None
    if there is no such moment."""
    moments = (
        at
        for r in context.observed.refused_actions.values()
        for at in (r.refusal.until, r.refusal.since + STUCK_AFTER)
        if at > context.now
    )
    return min(moments, default=None)


def _instance(refused: RefusedAction) -> int:
    action = refused.action
    return -1 if isinstance(action, Prune | KeepBudget) else action.instance
