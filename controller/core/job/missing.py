"""Updates whose Job does not exist (contract rule 2): pending ones wait, active ones abort."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from controller.api.update import ACTIVE, TERMINAL, Action, Phase, Update
from controller.core.model.plan import Event, WriteUpdate
from controller.core.status import actor
from controller.core.status.update import entered, with_conditions

REASON = "JobNotFound"


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of a decision: ``now`` in epoch seconds, ``stamp`` in whole seconds."""

    now: float

    @property
    def stamp(self) -> float:
        return float(int(self.now))


def decide(updates: Iterable[Update], now: float) -> tuple[WriteUpdate, ...]:
    """The writes of the statuses of Updates without a Job, where they change."""
    writes = (_status(update, Moment(now)) for update in updates)
    return tuple(write for write in writes if write is not None)


def _status(update: Update, moment: Moment) -> WriteUpdate | None:
    name, message = update.metadata.name, f"there is no Job {update.spec.job}"
    if update.status.phase in ACTIVE:
        status = entered(moment, update, Phase.ABORTED, REASON, message)
        return WriteUpdate(name, status, (Event("Aborted", message, name, "Warning"),))
    if update.status.phase in TERMINAL:
        return None
    if update.spec.action is not Action.PROCEED:
        reason, words, who = actor.called_off(update)
        status = entered(moment, update, Phase.ABORTED, reason, words, by=who)
        return WriteUpdate(name, status, (Event("Aborted", words, name),))
    status = with_conditions(moment, update, update.status, REASON, message)
    return None if status == update.status else WriteUpdate(name, status)
