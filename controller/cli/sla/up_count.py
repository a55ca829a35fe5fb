"""``echelon sla get-task-up-count``."""

from __future__ import annotations

from typing import Annotated

import typer

from controller.cli import arguments, options
from controller.cli.durations import seconds
from controller.cli.keys import job_key
from controller.cli.output import Column, dump, table
from controller.cli.session import Place, Session, run
from controller.cli.sla import reading
from controller.core.pods.uptime import up_count

#: Duration as asked, instances that have been available for so long, all instances.
Row = tuple[str, int, int]


def get_task_up_count(
    key: arguments.JobKey,
    durations: Annotated[
        str, typer.Option("--durations", help="For how long, such as 30s or 1h30m.")
    ] = "1m,10m,1h,12h,7d",
    form: options.AsData = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Show how many of the instances have been available for at least so long.

    Available means Ready for minReadySeconds, and without a break.
    """
    asked = job_key(key)
    lengths = {text.strip(): seconds(text.strip()) for text in durations.split(",")}

    async def command(session: Session) -> None:
        ascending = await reading.uptimes(session, asked)
        found = [
            (text, up_count(ascending, least), len(ascending)) for text, least in lengths.items()
        ]
        if form is not None:
            dump([dict(zip(_NAMES, (*row, _share(row)), strict=True)) for row in found], form)
        elif ascending:
            table(found, _COLUMNS)

    run(Place(kubeconfig, context, namespace), command)


def _share(row: Row) -> float:
    """The percentage of the instances."""
    return round(100 * row[1] / row[2], 2) if row[2] else 0.0


_NAMES = ("duration", "up", "instances", "percent")
_COLUMNS: list[Column[Row]] = [
    Column("DURATION", lambda row: row[0]),
    Column("UP", lambda row: f"{row[1]}/{row[2]}"),
    Column("PERCENT", lambda row: f"{_share(row):.2f}%"),
]
