"""Writes that the API server refuses: a quota, a policy, a webhook that is down (contract rule 13).

A refused write is not asked for again before its time, and holds up nothing but what needs it: lost
pods are made, counts follow, an active Update goes on. What was refused is known by its subject
(see `plan.subject`).
"""

from __future__ import annotations

from controller.core.model import conditions as cond
from controller.core.model.context import Context
from controller.core.model.observed import Refusal
from controller.core.model.plan import (
    THE_ADOPTION,
    THE_UPDATE,
    Write,
    subject,
    subject_of_revision,
    subject_of_update,
)


def by(context: Context, write: Write | None) -> Refusal | None:
    """The refusal because of which ``write`` is not asked for now; None: it may be."""
    return at(context, subject(write)) if write is not None else None


def at(context: Context, what: str) -> Refusal | None:
    """The same for all writes with a subject: nothing need be read for them either."""
    found = context.observed.refused_writes.get(what)
    return found if found is not None and found.until > context.now else None


def start(context: Context, pending: str = "") -> tuple[str, Refusal] | None:
    """What keeps the present template from its first creation or its Update, with its subject;
    ``pending``: the name of the operator's Update that waits for the lock, "" for none."""
    needed = [THE_ADOPTION, subject_of_revision(context.observed.revision), THE_UPDATE]
    needed += [subject_of_update(pending)] if pending else []
    return next(((t, r) for t in needed if (r := context.observed.refused_writes.get(t))), None)


def of_update(context: Context, name: str) -> tuple[str, Refusal] | None:
    """The refusal of writes about an Update that is there, with its subject."""
    what = subject_of_update(name)
    refusal = context.observed.refused_writes.get(what)
    return (what, refusal) if refusal is not None else None


def words(found: tuple[str, Refusal]) -> str:
    """What is refused, and in which words."""
    return f"{found[0]} is refused: {found[1].message}"


def overdue_at(context: Context, refusal: Refusal) -> float | None:
    """When a write that is refused all the time becomes a matter for a person; None: never."""
    timeout = context.job.spec.update.ready_timeout_seconds
    return refusal.since + timeout if timeout else None


def is_overdue(context: Context, refusal: Refusal) -> bool:
    """Whether it is one: its time is up, or was before the operator started."""
    at = overdue_at(context, refusal)
    told = next((c for c in context.status.conditions if c.type == cond.STALLED), None)
    before = told is not None and told.status == "True" and told.reason == refusal.reason
    return at is not None and (before or at <= context.now)


def next_moment(context: Context) -> float | None:
    """When a refused write is asked for again."""
    every = (r.until for r in context.observed.refused_writes.values())
    return min((at for at in every if at > context.now), default=None)
