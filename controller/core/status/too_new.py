"""What this version cannot read is of a newer one: the Job is left alone, and says so.

Nothing of it is made, changed or deleted, and its Updates stay as they are: an older operator would
bring everybody back to what it understands.
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
    """What of this Job only a newer version knows, in words; "" for nothing."""
    return context.observed.too_new or of_revision(context, _in_use(context))


def of_revision(context: Context, names: Iterable[str]) -> str:
    """The first of these revisions that is made of more than this version knows, and of what."""
    newer = context.observed.newer_revisions
    name = min(newer.keys() & set(names), default=None)
    return f"ControllerRevision {name}: data.{newer[name]}" if name else ""


def _in_use(context: Context) -> Iterator[str]:
    """Revisions that pods would be made of."""
    yield context.observed.revision
    yield context.status.current_revision or ""
    yield from context.assigned
    if not context.assigned:  # A lost status: what runs is about to be assigned.
        yield from context.view.at
    if context.lock is not None:
        status = context.lock.status
        yield (status.to.revision if status.to else None) or ""
        yield from (each.revision for each in status.from_)


def left_alone(context: Context, what: str) -> WriteJob | None:
    """What a Job that can be read and yet must be left alone says, once; ``what``: why."""
    message = said(what)
    conditions = with_stalled(
        context.status.conditions, message, context.job.metadata.generation, context.now
    )
    status = context.status.model_copy(
        update={"conditions": conditions, "observed_generation": context.job.metadata.generation}
    )
    if status == context.status:
        return None
    return WriteJob(status, (Event(REASON, message, None, "Warning"),))


def status_patch(raw: Mapping[str, Any], what: str, now: float) -> dict[str, Any]:
    """The merge patch of ``status`` of a Job that cannot be read, from the Job as it came; empty
    when it says so already."""
    found, generation = raw.get("status"), raw["metadata"].get("generation", 0)
    status = found if isinstance(found, dict) else {}
    there = status.get("conditions")
    there = there if isinstance(there, list) else []
    conditions = with_stalled(_readable(there), said(what), generation, now)
    wanted = {"observedGeneration": generation, "conditions": [wire(c) for c in conditions]}
    same = all(status.get(field) == value for field, value in wanted.items())
    return {} if same else wanted


def said(what: str) -> str:
    """The message of a Job that is left alone; ``what`` names what cannot be read."""
    return (
        f"made for a newer version of Echelon: {what}; nothing of this Job is made, changed or "
        "deleted until an operator that knows it runs, or it is taken out"
    )


def with_stalled(
    old: Iterable[Condition], message: str, generation: int, now: float
) -> tuple[Condition, ...]:
    """``old`` with ``Stalled`` True, and what it excludes False; others stay as they are."""
    old, no = tuple(old), Wanted(False, REASON, message)
    wanted = {cond.READY: no, cond.RECONCILING: no, cond.STALLED: Wanted(True, REASON, message)}
    found = cond.merged(old, wanted, generation, now)
    return (*found, *(c for c in old if c.type not in wanted))


def _readable(raw: Iterable[Any]) -> Iterable[Condition]:
    for item in raw:
        try:
            yield Condition.model_validate(item)
        except ValidationError:
            continue
