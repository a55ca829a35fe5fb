"""What the API server would not do to an object that is there, in words for a person.

A refused delete, change, repair or prune is repeated with growing pauses (`Refusal.until`) for as
long as it is wanted. Outside an Update, or where no deadline makes a failure of it, a refusal of a
pod's action that lasts needs a person (contract rules 13 and 15).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from controller.api.ids import Ids
from controller.core.model.context import Context
from controller.core.model.observed import RefusedAction
from controller.core.model.plan import ChangePod, DeletePod, MendPod, Prune

#: Seconds after which what the API server goes on refusing needs a person (as in rule 15).
STUCK_AFTER: Final = 60.0
#: How many refusals are looked at for the one that is told.
LOOKED_AT: Final = 64
_VERBS: Final = {"delete": "delete", "change": "change", "repair": "repair", "prune": "delete"}


def words(refused: RefusedAction) -> str:
    """``instance 3: cannot delete pod web-3: <the API server's words>``."""
    action = refused.action
    if isinstance(action, Prune):
        return f"cannot delete {action.kind} {action.name}: {refused.refusal.message}"
    what = f"cannot {_VERBS[action.key[0]]} pod {action.name}"
    return f"instance {action.instance}: {what}: {refused.refusal.message}"


def of_pods(context: Context, ids: Ids | None = None) -> Iterator[RefusedAction]:
    """Refused actions on pods (of ``ids``; None: of all), the lowest instance first."""
    found = [
        r
        for r in islice(context.observed.refused_actions.values(), LOOKED_AT)
        if isinstance(r.action, DeletePod | ChangePod | MendPod)
        and (ids is None or r.action.instance in ids)
    ]
    yield from sorted(found, key=_instance)


def is_stuck(context: Context, refused: RefusedAction) -> bool:
    """Whether a person is needed. A change in place has its deadline instead; a server that is
    down or too busy is no matter of this pod."""
    refusal = refused.refusal
    waits = isinstance(refused.action, ChangePod) or not refusal.counts
    return not waits and context.now >= refusal.since + STUCK_AFTER


def next_moment(context: Context) -> float | None:
    """When an action is tried again, or a refusal begins to need a person."""
    moments = (
        at
        for r in context.observed.refused_actions.values()
        for at in (r.refusal.until, r.refusal.since + STUCK_AFTER)
        if at > context.now
    )
    return min(moments, default=None)


def _instance(refused: RefusedAction) -> int:
    action = refused.action
    return -1 if isinstance(action, Prune) else action.instance
