"""``echelon job …``."""

from __future__ import annotations

import typer

from controller.cli.lazy import add
from controller.cli.verbs import Verbs

app = typer.Typer(
    name="job", cls=Verbs, help="Jobs: list, inspect, scale, restart, delete.", no_args_is_help=True
)

# The order is that of the help.
add(
    app,
    "list",
    "controller.cli.job.list_:list_jobs",
    "List Jobs: how many instances are ready, what they run, what they wait for.",
)
add(
    app,
    "get",
    "controller.cli.job.get:get_jobs",
    "Show Jobs as a table, or as JSON, YAML or names for programs.",
)
add(
    app,
    "instances",
    "controller.cli.job.instances:list_instances",
    "List the instances of a Job: what each runs, where, and what is wrong with it.",
)
add(
    app,
    "status",
    "controller.cli.job.status:show_status",
    "Show how a Job is: what it waits for, what it runs, its Updates, and what is wrong.",
)
add(
    app,
    "history",
    "controller.cli.job.history:show_history",
    "List the revisions of a Job: where each comes from, which Update brought it, how that ended.",
)
add(
    app,
    "diff",
    "controller.cli.job.diff:show_diff",
    "Show what a template would change, for each group of instances that run the same now.",
)
add(
    app,
    "logs",
    "controller.cli.job.logs:logs",
    "Print the logs of instances, each line with its instance before it.",
)
add(
    app,
    "create",
    "controller.cli.job.create:create",
    "Create the Job of a manifest.",
)
add(app, "scale", "controller.cli.job.scale:scale", "Set how many instances a Job has.")
add(
    app,
    "restart",
    "controller.cli.job.restart:restart",
    "Replace instances by new ones of the same revision, as an Update: with its strategy, gates "
    "and history.",
)
add(
    app,
    "retry",
    "controller.cli.job.retry:retry",
    "Try the present template again, even if it failed.",
)
add(
    app,
    "kill",
    "controller.cli.job.kill:kill",
    "End the active run of a Job of type Cron or Adhoc.",
)
add(
    app,
    "delete",
    "controller.cli.job.delete:delete",
    "Delete a Job and, unless --cascade=orphan, its pods and its history.",
)
