"""Symbols, words and colours of phases and states. Shape and colour both tell them apart."""

from __future__ import annotations

from typing import Final

from controller.api.progress import Phase
from controller.cli.live.text import DIM
from controller.view.situation import Tone
from controller.view.updates import Mark

#: Phase -> symbol, words, style of rich.
PHASES: Final = {
    Phase.PENDING: ("◌", "Pending", "yellow"),
    Phase.ROLLING_FORWARD: ("▶", "Rolling forward", "bold cyan"),
    Phase.ROLL_FORWARD_PAUSED: ("‖", "Paused", "bold yellow"),
    Phase.ROLL_FORWARD_AWAITING_PULSE: ("‖", "Awaiting a pulse", "bold yellow"),
    Phase.ROLLING_BACK: ("◀", "Rolling back", "bold yellow"),
    Phase.ROLL_BACK_PAUSED: ("‖", "Rollback paused", "bold yellow"),
    Phase.ROLL_BACK_AWAITING_PULSE: ("‖", "Rollback awaiting a pulse", "bold yellow"),
    Phase.ROLLED_FORWARD: ("✓", "Rolled forward", "bold green"),
    Phase.ROLLED_BACK: ("↺", "Rolled back", "bold yellow"),
    Phase.ABORTED: ("■", "Aborted", "bold yellow"),
    Phase.FAILED: ("✗", "Failed", "bold red"),
    Phase.ERROR: ("✗", "Error", "bold red"),
    Phase.SUPERSEDED: ("»", "Superseded", "bold"),
    Phase.REJECTED: ("✗", "Rejected", "bold red"),
    Phase.PLANNED: ("≡", "Planned", "bold green"),
}
MARKS: Final = {
    Mark.PENDING: DIM,
    Mark.UPDATING: "bold cyan",
    Mark.UPDATED: "green",
    Mark.FAILED: "bold red",
    Mark.ROLLING_BACK: "bold yellow",
    Mark.ROLLED_BACK: "blue",
    Mark.ROLLBACK_FAILED: "bold red reverse",
}
TONES: Final = {
    Tone.CALM: "bold",
    Tone.WAITS: "bold yellow",
    Tone.BAD: "bold red",
    Tone.GOOD: "bold green",
}
#: Result of a gate -> symbol, style.
GATES: Final = {
    "NotAsked": ("·", DIM),
    "Waiting": ("◐", "cyan"),
    "Passed": ("✓", "green"),
    "Failed": ("✗", "bold red"),
    "Inconclusive": ("?", "bold yellow"),
}
