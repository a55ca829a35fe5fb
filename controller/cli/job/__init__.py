"""``echelon job …``."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="job", help="Jobs: list, inspect, scale, restart, delete.", no_args_is_help=True
)

# Each module registers its command; the order is that of the help.
from controller.cli.job import (  # noqa: E402, I001
    list_,
    get,
    status,
    instances,
    history,
    diff,
    logs,
    scale,
    restart,
    retry,
    delete,
)

__all__ = [
    "app",
    "delete",
    "diff",
    "get",
    "history",
    "instances",
    "list_",
    "logs",
    "restart",
    "retry",
    "scale",
    "status",
]
