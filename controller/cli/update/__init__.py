"""``echelon update …``."""

from __future__ import annotations

import typer

app = typer.Typer(name="update", help="Updates: start, follow, steer.", no_args_is_help=True)
