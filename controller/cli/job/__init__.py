"""``echelon job …``."""

from __future__ import annotations

import typer

app = typer.Typer(name="job", help="Jobs: list, inspect, scale, restart.", no_args_is_help=True)
