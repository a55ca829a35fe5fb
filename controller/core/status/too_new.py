"""A Job or an Update that only a newer version of the operator understands, or whose status
somebody spoilt: it is left alone, and says so.

The operator creates, changes and deletes nothing of such a Job, and its Updates stay as they are:
an older operator would change every instance back to what that operator understands. Only
conditions are written: ``Stalled`` becomes True, with the reason ``TooNew`` (a part that cannot be
read) or ``EngineTooNew`` (an Update that an operator with a newer engine has carried on).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from controller.api import engine
from controller.api.kinds import UPDATES
from controller.api.meta import Condition, wire
from controller.core.model import conditions as cond
from controller.core.model.conditions import Wanted
from controller.core.model.context import Context
from controller.core.model.observed import Unknown
from controller.core.model.plan import Event, WriteJob
from controller.resource import Resource

REASON: Final = "TooNew"
ENGINE_REASON: Final = "EngineTooNew"


def found(context: Context) -> Unknown | None:
    """Why this Job is left to a newer operator; None if it is not."""
    if (unknown := context.observed.too_new) is not None:
        return unknown
    what = of_revision(context, _in_use(context))
    return Unknown(REASON, what) if what else None


def of_engine(update: str, version: int) -> Unknown:
    """Why an Update of this name, which engine ``version`` has carried on, is left alone."""
    own = engine.ENGINE_VERSION
    return Unknown(
        ENGINE_REASON,
        f"Update {update} has status.engineVersion {version}, and this operator has engine {own}",
    )


def of_object(resource: Resource, raw: Mapping[str, Any], words: str) -> Unknown:
    """Why a Job or an Update is left alone. ``words``: its first invalid field and what is wrong
    with that, as `controller.api.lenient.unreadable` says them."""
    return Unknown(REASON, words, _mend(resource, raw) if words.startswith("status.") else "")


def _mend(resource: Resource, raw: Mapping[str, Any]) -> str:
    """What a person can do about an invalid field of a status."""
    name, namespace = raw["metadata"].get("name"), raw["metadata"].get("namespace")
    edit = f"kubectl edit {resource.plural} {name} -n {namespace} --subresource=status"
    words = f"correct the value, but do not remove it ({edit})"
    if resource.plural == UPDATES.plural:
        return f"{words}; or delete the Update: its instances stay as they are"
    return words


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


def left_alone(context: Context, unknown: Unknown) -> WriteJob | None:
    """The write that says so in a Job that can be read itself. Returns None if the Job says so
    already."""
    conditions = with_stalled(
        context.status.conditions, unknown, context.job.metadata.generation, context.now
    )
    status = context.status.model_copy(
        update={"conditions": conditions, "observed_generation": context.job.metadata.generation}
    )
    if status == context.status:
        return None
    return WriteJob(status, (Event(unknown.reason, message_of(unknown), None, "Warning"),))


def status_patch(raw: Mapping[str, Any], unknown: Unknown, now: float) -> dict[str, Any]:
    """The merge patch of ``status`` of a Job or an Update that is left alone, made from the raw
    object. Empty if the object says so already."""
    status, generation = raw.get("status"), raw["metadata"].get("generation", 0)
    status = status if isinstance(status, dict) else {}
    old = status.get("conditions")
    old = old if isinstance(old, list) else []
    conditions = with_stalled(_readable(old), unknown, generation, now)
    # A condition that does not change keeps the fields that only a newer version knows.
    same_as = {c["type"]: c for c in old if isinstance(c, dict) and isinstance(c.get("type"), str)}
    told = [
        {**(same_as.get(c.type, {}) if c.type not in _TOLD else {}), **wire(c)} for c in conditions
    ]
    wanted = {"observedGeneration": generation, "conditions": told}
    same = all(status.get(field) == value for field, value in wanted.items())
    return {} if same else wanted


def message_of(unknown: Unknown) -> str:
    """The message of a Job or an Update that is left alone: why, and what a person can do."""
    if unknown.reason == ENGINE_REASON:
        return (
            f"{unknown.what}: this operator creates, changes and deletes nothing of the Update and "
            "its Job. Run the newer operator again: it carries the Update on. Or delete the "
            "Update: its instances stay as they are, and this operator serves the Job"
        )
    if unknown.mend:
        return (
            f"{unknown.what}; somebody edited this status, or a newer version of Echelon wrote it: "
            "this operator creates, changes and deletes nothing of this Job. Run the newer "
            f"operator; or {unknown.mend}"
        )
    return (
        f"made for a newer version of Echelon: {unknown.what}; this operator creates, changes and "
        "deletes nothing of this Job until a newer operator runs or that part is removed"
    )


_TOLD: Final = frozenset({cond.READY, cond.RECONCILING, cond.STALLED})


def with_stalled(
    old: Iterable[Condition], unknown: Unknown, generation: int, now: float
) -> tuple[Condition, ...]:
    """``old`` with ``Stalled`` True, ``Ready`` and ``Reconciling`` False; others do not change. Of
    several conditions of one type, which the API server refuses, the last stays."""
    known, reason, message = {c.type: c for c in old}, unknown.reason, message_of(unknown)
    no = Wanted(False, reason, message)
    wanted = {cond.READY: no, cond.RECONCILING: no, cond.STALLED: Wanted(True, reason, message)}
    merged = cond.merged(known.values(), wanted, generation, now)
    return (*merged, *(c for c in known.values() if c.type not in wanted))


def _readable(raw: Iterable[Any]) -> Iterable[Condition]:
    for item in raw:
        try:
            yield Condition.model_validate(item)
        except ValidationError:
            continue
