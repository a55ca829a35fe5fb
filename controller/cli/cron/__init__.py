"""``echelon cron …``."""

from __future__ import annotations

import typer

from controller.cli.lazy import add
from controller.cli.verbs import Verbs

app = typer.Typer(
    name="cron",
    cls=Verbs,
    help="Jobs of type Cron: see their schedule, start a run, suspend them.",
    no_args_is_help=True,
)

# The order is that of the help.
add(
    app,
    "show",
    "controller.cli.cron.show:show",
    "Show the schedule of a Job, its next run and its last one.",
)
add(
    app,
    "next",
    "controller.cli.cron.show:upcoming",
    "List when the next runs of a Job are due.",
)
add(
    app,
    "start",
    "controller.cli.cron.start:start",
    "Start a run now, whatever the schedule says.",
)
add(
    app,
    "suspend",
    "controller.cli.cron.suspend:suspend",
    "Start no more runs.",
)
add(
    app,
    "resume",
    "controller.cli.cron.suspend:resume",
    "Start runs again at their times.",
)
