"""Symbols and colours of phases and states. Shape and colour both tell them apart."""

from __future__ import annotations

from typing import Final

from controller.api.progress import Phase
from controller.cli.live.text import DIM
from controller.view.situation import Tone
from controller.view.updates import Mark

#: Phase -> symbol, style of rich.
PHASES: Final = {
    Phase.PENDING: ("◌", "yellow"),
    Phase.ROLLING_FORWARD: ("▶", "bold cyan"),
    Phase.ROLL_FORWARD_PAUSED: ("‖", "bold yellow"),
    Phase.ROLL_FORWARD_AWAITING_PULSE: ("‖", "bold yellow"),
    Phase.ROLLING_BACK: ("◀", "bold yellow"),
    Phase.ROLL_BACK_PAUSED: ("‖", "bold yellow"),
    Phase.ROLL_BACK_AWAITING_PULSE: ("‖", "bold yellow"),
    Phase.ROLLED_FORWARD: ("✓", "bold green"),
    Phase.ROLLED_BACK: ("↺", "bold yellow"),
    Phase.ABORTED: ("■", "bold yellow"),
    Phase.FAILED: ("✗", "bold red"),
    Phase.ERROR: ("✗", "bold red"),
    Phase.SUPERSEDED: ("»", "bold"),
    Phase.REJECTED: ("✗", "bold red"),
    Phase.PLANNED: ("≡", "bold green"),
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
