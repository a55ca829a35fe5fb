"""``echelon update …``."""

from __future__ import annotations

import typer

app = typer.Typer(name="update", help="Updates: start, follow, steer.", no_args_is_help=True)

# Each module registers its command; the order is that of the help.
from controller.cli.update import (  # noqa: E402, I001
    start,
    plan,
    list_,
    get,
    watch,
    wait,
    pause,
    resume,
    rollback,
    abort,
    pulse,
    retry,
)

__all__ = [
    "abort",
    "app",
    "get",
    "list_",
    "pause",
    "plan",
    "pulse",
    "resume",
    "retry",
    "rollback",
    "start",
    "wait",
    "watch",
]
