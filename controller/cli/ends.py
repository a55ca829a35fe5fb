"""The exit code for how an Update ended."""

from __future__ import annotations

from typing import Final

from controller.api.progress import Phase
from controller.cli.exits import Exit

#: How an Update ended -> the exit code; a rollback that a person asked for is `DONE`.
_BY_PHASE: Final = {
    Phase.ROLLED_FORWARD: Exit.DONE,
    Phase.PLANNED: Exit.DONE,
    Phase.ROLLED_BACK: Exit.ROLLED_BACK,
    Phase.FAILED: Exit.FAILED,
    Phase.ERROR: Exit.FAILED,
    Phase.ABORTED: Exit.ENDED,
    Phase.SUPERSEDED: Exit.ENDED,
    Phase.REJECTED: Exit.REJECTED,
}


def of_phase(phase: Phase, *, rollback_wanted: bool = False) -> Exit:
    """The exit code for an Update that ended. Raises ``KeyError`` for an active phase."""
    if phase is Phase.ROLLED_BACK and rollback_wanted:
        return Exit.DONE
    return _BY_PHASE[phase]
