"""A Job that only a newer version of the operator can read: it is left alone, and says so.

The operator creates, changes and deletes nothing of such a Job, and its Updates stay as they are:
an older operator would change every instance back to what that operator understands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from controller.api.meta import Condition, wire
from controller.core.model import conditions as cond
from controller.core.model.conditions import Wanted
from controller.core.model.context import Context
from controller.core.model.plan import Event, WriteJob

REASON: Final = "TooNew"


def found(context: Context) -> str:
    """The part of this Job that only a newer version knows, for a message; "" if there is none."""
    return context.observed.too_new or of_revision(context, _in_use(context))


def of_revision(context: Context, names: Iterable[str]) -> str:
    """The first of the revisions ``names`` whose template this version cannot read, with the field;
    "" if there is none."""
    newer = context.observed.newer_revisions
    name = min(newer.keys() & set(names), default=None)
    return f"ControllerRevision {name}: data.{newer[name]}" if name else ""


def _in_use(context: Context) -> Iterator[str]:
    """Revisions from which the operator would create pods."""
    yield context.observed.revision
    yield context.status.current_revision or ""
    yield from context.assigned
    if not context.assigned:  # The status was lost: the revisions that run are assigned next.
        yield from context.view.at
    if context.lock is not None:
        status = context.lock.status
        yield (status.to.revision if status.to else None) or ""
        yield from (each.revision for each in status.from_)


def left_alone(context: Context, unknown: str) -> WriteJob | None:
    """The write that says so in a Job that can be read itself; ``unknown`` names the part that
    cannot. Returns None if the Job says so already."""
    message = message_of(unknown)
    conditions = with_stalled(
        context.status.conditions, message, context.job.metadata.generation, context.now
    )
    status = context.status.model_copy(
        update={"conditions": conditions, "observed_generation": context.job.metadata.generation}
    )
    if status == context.status:
        return None
    return WriteJob(status, (Event(REASON, message, None, "Warning"),))


def status_patch(raw: Mapping[str, Any], unknown: str, now: float) -> dict[str, Any]:
    """The merge patch of ``status`` of a Job that cannot be read, made from the raw Job;
    ``unknown`` names the part that cannot be read. Empty if the Job says so already."""
    status, generation = raw.get("status"), raw["metadata"].get("generation", 0)
    status = status if isinstance(status, dict) else {}
    old = status.get("conditions")
    old = old if isinstance(old, list) else []
    conditions = with_stalled(_readable(old), message_of(unknown), generation, now)
    wanted = {"observedGeneration": generation, "conditions": [wire(c) for c in conditions]}
    same = all(status.get(field) == value for field, value in wanted.items())
    return {} if same else wanted


def message_of(unknown: str) -> str:
    """The message of a Job that is left alone; ``unknown`` names the part that cannot be read."""
    return (
        f"made for a newer version of Echelon: {unknown}; this operator creates, changes and "
        "deletes nothing of this Job until a newer operator runs or that part is removed"
    )


def with_stalled(
    old: Iterable[Condition], message: str, generation: int, now: float
) -> tuple[Condition, ...]:
    """``old`` with ``Stalled`` True, ``Ready`` and ``Reconciling`` False; others do not change."""
    old, no = tuple(old), Wanted(False, REASON, message)
    wanted = {cond.READY: no, cond.RECONCILING: no, cond.STALLED: Wanted(True, REASON, message)}
    merged = cond.merged(old, wanted, generation, now)
    return (*merged, *(c for c in old if c.type not in wanted))


def _readable(raw: Iterable[Any]) -> Iterable[Condition]:
    for item in raw:
        try:
            yield Condition.model_validate(item)
        except ValidationError:
            continue
