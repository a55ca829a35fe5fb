"""What ``echelon update wait --for`` waits for, and the exit code when it comes or cannot come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.progress import ACTIVE, TERMINAL, Phase
from controller.api.update import Update
from controller.cli.ends import of_phase
from controller.cli.exits import CliError, Exit
from controller.core.status.update import AWAITING, PAUSED
from controller.view.update_rows import kebab, phase_named
from controller.view.updates import own_pause, wants_rollback

ENDED: Final = "ended"
#: Words for groups of phases; all other words are phases.
_GROUPS: Final = {
    ENDED: TERMINAL,
    "started": ACTIVE | TERMINAL,
    "paused": PAUSED,
    "awaiting-pulse": AWAITING,
}
_NOT_YET: Final = {
    ENDED: "has not ended",
    "started": "has not started",
    "paused": "is not paused",
    "awaiting-pulse": "does not wait for a pulse",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """The phases that are waited for. ``exit_on_pause``: a pause that the operator made ends the
    wait as well. ``rollback``: a person has asked for the rollback, so it is a good end."""

    word: str
    phases: frozenset[Phase]
    exit_on_pause: bool = False
    rollback: bool = False

    @property
    def is_for_end(self) -> bool:
        return self.word == ENDED

    @property
    def not_yet(self) -> str:
        """What is said of an Update that is not there."""
        return _NOT_YET.get(self.word) or f"is not {' or '.join(self.phases)}"


def known() -> list[str]:
    """All words that `wish` knows."""
    return [*_GROUPS, *(kebab(phase) for phase in Phase if phase is not Phase.PENDING)]


def wish(word: str, *, exit_on_pause: bool = False, rollback: bool = False) -> Wish:
    """Read ``ended``, ``paused``, ``rolled-forward``, ``RolledForward`` … Raises ``CliError``."""
    word = word.removeprefix("phase=")
    if word.lower() in _GROUPS:
        return Wish(word.lower(), _GROUPS[word.lower()], exit_on_pause, rollback)
    phase = phase_named(word)
    if phase is None or phase is Phase.PENDING:
        raise CliError(f"cannot wait for {word!r}", f"wait for {', '.join(known())}", Exit.USAGE)
    return Wish(word, frozenset({phase}), exit_on_pause, rollback)


def verdict(wished: Wish, update: Update) -> Exit | None:
    """The exit code for the Update as it is; None if the wait goes on."""
    phase = update.status.phase
    if phase in TERMINAL:
        return _at_the_end(wished, update)
    if phase in wished.phases:
        return Exit.DONE
    # A resume that the operator has not read yet may have ended the pause.
    read = update.status.observed_generation == update.metadata.generation
    if wished.exit_on_pause and read and own_pause(update):
        return Exit.PAUSED
    return None


def _at_the_end(wished: Wish, update: Update) -> Exit:
    phase = update.status.phase
    if wished.is_for_end:
        return of_phase(phase, rollback_wanted=wished.rollback or wants_rollback(update))
    if phase in wished.phases and len(wished.phases) == 1:
        return Exit.DONE
    # What was waited for can no longer come, or came and went: the end says how bad that is.
    code = of_phase(phase)
    missed = phase not in wished.phases
    return Exit.ERROR if missed and code is Exit.DONE else code
