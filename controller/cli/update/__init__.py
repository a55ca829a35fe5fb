"""``echelon update …``."""

from __future__ import annotations

import typer

from controller.cli.lazy import add
from controller.cli.verbs import Verbs

app = typer.Typer(
    name="update", cls=Verbs, help="Updates: start, follow, steer.", no_args_is_help=True
)

# The order is that of the help.
add(
    app,
    "start",
    "controller.cli.update.start:start",
    "Start an Update: show what changes, ask, apply, and follow it.",
)
add(
    app,
    "plan",
    "controller.cli.update.plan:plan",
    "Show what `update start` would change, for whom and in which groups.",
)
add(
    app,
    "list",
    "controller.cli.update.list_:list_updates",
    "List Updates, oldest first: phase, progress, failures, and who asked for them.",
)
add(
    app,
    "get",
    "controller.cli.update.get:get",
    "Show all about Updates: what they wait for, progress, gates, failures, history, policy.",
)
add(
    app,
    "watch",
    "controller.cli.update.watch:watch",
    "Watch an Update to its end: a live picture on a terminal, else a line per change.",
)
add(
    app, "wait", "controller.cli.update.wait:wait", "Wait until an Update ends, and exit as it did."
)
add(
    app,
    "pause",
    "controller.cli.update.pause:pause",
    "Pause an Update: no further instance is replaced.",
)
add(app, "resume", "controller.cli.update.resume:resume", "Let a paused Update go on.")
add(
    app,
    "rollback",
    "controller.cli.update.rollback:rollback",
    "Give every instance of an active Update the revision back that it had before.",
)
add(
    app,
    "abort",
    "controller.cli.update.abort:abort",
    "End an Update where it is: nothing is rolled back.",
)
add(
    app,
    "pulse",
    "controller.cli.update.pulse:pulse",
    "Send a pulse to an Update with pulseIntervalSeconds.",
)
add(
    app,
    "retry",
    "controller.cli.update.retry:retry",
    "Try the failed instances of an Update again: a new Update for these alone.",
)
