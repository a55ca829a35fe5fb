"""How an Update ended, or why nobody watches it any longer, and what to do next."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from controller.api.progress import Phase
from controller.api.update import Update
from controller.cli.ends import of_phase
from controller.cli.exits import Exit
from controller.cli.here import placed
from controller.cli.live.looks import PHASES
from controller.escapes import clean
from controller.view import advice
from controller.view.updates import is_over, own_pause, progress, wants_rollback
from controller.view.words import age

_ENDED: Final = {
    Phase.ROLLED_FORWARD: "has rolled forward",
    Phase.ROLLED_BACK: "has rolled back",
    Phase.ABORTED: "was aborted",
    Phase.FAILED: "has failed",
    Phase.ERROR: "has ended with an error",
    Phase.SUPERSEDED: "was superseded",
    Phase.REJECTED: "was rejected",
    Phase.PLANNED: "is planned",
}


def exit_of(update: Update, *, exit_on_pause: bool = False) -> Exit | None:
    """The exit code, or None while there is more to watch. ``exit_on_pause``: a pause that the
    operator made ends the watch."""
    if is_over(update):
        return of_phase(update.status.phase, rollback_wanted=wants_rollback(update))
    # A resume that the operator has not read yet may have ended the pause.
    read = update.status.observed_generation == update.metadata.generation
    return Exit.PAUSED if exit_on_pause and read and own_pause(update) else None


def outcome(update: Update, now: float) -> list[Text]:
    """A sentence and the next commands. ``now``: epoch seconds."""
    status, come = update.status, progress(update, now)
    symbol, style = PHASES[status.phase]
    line = Text.assemble((f"{symbol} {update.metadata.name} ", style))
    line.append(_ENDED.get(status.phase, "is paused by Echelon"), style)
    if status.started_at and come.elapsed >= 1:
        line.append(f" after {age(come.elapsed)}")
    # Many messages begin with the number of instances.
    if come.total and not status.message[:1].isdecimal():
        line.append(f", {come.done} of {come.total} instances")
    if status.message:
        line.append(f": {clean(status.message)}")
    return [line, *(Text(f"  {placed(each)}", "cyan") for each in _next(update, now))]


def _next(update: Update, now: float) -> list[str]:
    if update.status.phase is Phase.SUPERSEDED:
        return [f"echelon update watch {advice.at_job(update)}    # the Update that took its place"]
    return advice.of_update(update, now)
