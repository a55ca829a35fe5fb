"""``echelon sla get-job-uptime``."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from controller.cli import arguments, options
from controller.cli.exits import CliError, Exit
from controller.cli.keys import job_key
from controller.cli.output import Column, dump, table
from controller.cli.session import Place, Session, run
from controller.cli.sla import reading
from controller.core.pods.uptime import PERCENTS, at_percent
from controller.view.words import age

Row = tuple[Decimal, float]


def get_job_uptime(
    key: arguments.JobKey,
    percentiles: Annotated[
        str, typer.Option("--percentiles", help="Percentages, each above 0 and at most 100.")
    ] = ",".join(map(str, PERCENTS)),
    form: options.AsData = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Show for how long at least so many percent of the instances have been available.

    Available means Ready for minReadySeconds, and without a break. An instance that is not
    available has an uptime of 0.
    """
    asked, percents = job_key(key), [_percent(text) for text in percentiles.split(",")]

    async def command(session: Session) -> None:
        ascending = await reading.uptimes(session, asked)
        found = [(percent, at_percent(ascending, percent)) for percent in percents]
        if form is not None:
            dump([{"percent": float(p), "seconds": int(seconds)} for p, seconds in found], form)
        elif ascending:
            table(found, _COLUMNS)

    run(Place(kubeconfig, context, namespace), command)


_COLUMNS: list[Column[Row]] = [
    Column("PERCENT", lambda row: f"{row[0]}%"),
    Column("UPTIME", lambda row: age(row[1])),
]


def _percent(text: str) -> Decimal:
    """Raises ``CliError`` for what is no percentage."""
    try:
        found = Decimal(text.strip().removesuffix("%"))
        if 0 < found <= 100:
            return found
    except InvalidOperation:
        pass
    raise CliError(f"{text!r} is no percentage", "write some such as 50,95,99.9", Exit.USAGE)
