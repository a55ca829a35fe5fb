"""The output for the user: a line for each step, and one table at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from hack.bench.figures import Figure


class Progress:
    """Prints lines to stderr, each with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._console = Console(stderr=True, highlight=False)

    def __call__(self, scenario: str, text: str) -> None:
        seconds = time.monotonic() - self._began
        line = f"[dim]{seconds:6.1f} s[/]  [bold cyan]{scenario:<17}[/] {text}"
        self._console.print(line, soft_wrap=True)


def table(figures: Iterable[Figure]) -> None:
    """Print the figures to stdout, by scenario."""
    found = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    found.add_column("")
    found.add_column("figure")
    found.add_column("measured", justify="right")
    found.add_column("target", justify="right")
    found.add_column("")
    found.add_column("note", style="dim", overflow="fold")
    last = ""
    for figure in figures:
        if last and figure.scenario != last:
            found.add_row()
        name = f"[bold cyan]{figure.scenario}[/]" if figure.scenario != last else ""
        last = figure.scenario
        limit = f"≤ {number(figure.limit)}" if figure.limit is not None else ""
        mark = {True: "[bold green]✓[/]", False: "[bold red]✗[/]", None: ""}[figure.met]
        measured = f"[bold]{number(figure.value)}[/] {figure.unit}".rstrip()
        found.add_row(name, figure.what, measured, limit, mark, figure.note)
    # A file or a pipe has no width.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    console.print()
    console.print(found)
    console.print()


def number(value: float) -> str:
    """A number for people: as many digits as mean something."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"
