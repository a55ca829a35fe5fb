"""``echelon sla …``: the two questions that Aurora's client answered about the uptime of a job."""

from __future__ import annotations

import typer

from controller.cli.lazy import add
from controller.cli.verbs import Verbs

app = typer.Typer(
    name="sla",
    cls=Verbs,
    help="SLA: for how long the instances of a Job have been available.",
    no_args_is_help=True,
)

# The order is that of the help.
add(
    app,
    "get-job-uptime",
    "controller.cli.sla.uptime:get_job_uptime",
    "Show for how long at least so many percent of the instances have been available.",
)
add(
    app,
    "get-task-up-count",
    "controller.cli.sla.up_count:get_task_up_count",
    "Show how many of the instances have been available for at least so long.",
)
