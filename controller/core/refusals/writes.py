"""Refused writes: by a quota, a policy, or a webhook that is down (contract rule 13).

A refused write is not repeated before its back-off ends. It holds up only what depends on it: the
operator still creates lost pods, updates counts and continues an active Update. A refusal is stored
by the write's subject (see `plan.subject`).
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
    """The refusal that forbids ``write`` for now; None if the write may be made."""
    return at(context, subject(write)) if write is not None else None


def at(context: Context, subject: str) -> Refusal | None:
    """The refusal that forbids writes with this subject for now; None if they may be made."""
    refusal = context.observed.refused_writes.get(subject)
    return refusal if refusal is not None and refusal.until > context.now else None


def start(context: Context, pending: str = "") -> tuple[str, Refusal] | None:
    """The refused write, as subject and refusal, that the first creation or the Update of the
    present template needs; None if no such write is refused.

    ``pending``: name of the operator's Update that waits for the lock; "" for none.
    """
    needed = [THE_ADOPTION, subject_of_revision(context.observed.revision), THE_UPDATE]
    needed += [subject_of_update(pending)] if pending else []
    return next(((t, r) for t in needed if (r := context.observed.refused_writes.get(t))), None)


def of_update(context: Context, name: str) -> tuple[str, Refusal] | None:
    """Subject and refusal of the writes to an existing Update; None if they are not refused."""
    about = subject_of_update(name)
    refusal = context.observed.refused_writes.get(about)
    return (about, refusal) if refusal is not None else None


def words(refused: tuple[str, Refusal]) -> str:
    """``<subject> is refused: <the API server's words>``."""
    return f"{refused[0]} is refused: {refused[1].message}"


def overdue_at(context: Context, refusal: Refusal) -> float | None:
    """Epoch seconds at which a write that is still refused needs a person; None for never."""
    timeout = context.job.spec.update.ready_timeout_seconds
    return refusal.since + timeout if timeout else None


def is_overdue(context: Context, refusal: Refusal) -> bool:
    """Whether the refused write needs a person. It does when its time is up, or when `Stalled` has
    this reason already: the operator restarted, and its count of the time began again."""
    at = overdue_at(context, refusal)
    stalled = cond.find_true(context.status.conditions, cond.STALLED)
    before = stalled is not None and stalled.reason == refusal.reason
    return at is not None and (before or at <= context.now)


def next_moment(context: Context) -> float | None:
    """Epoch seconds at which the next refused write is repeated; None if none is refused."""
    every = (r.until for r in context.observed.refused_writes.values())
    return min((at for at in every if at > context.now), default=None)
