"""``echelon job logs``."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Final

import typer

from controller.cli import arguments, options
from controller.cli.durations import duration
from controller.cli.exits import CliError, Exit
from controller.cli.job.instances import chosen
from controller.cli.keys import JobKey, job_key
from controller.cli.logs.following import MOST_FOLLOWED, followed
from controller.cli.logs.reading import Printer, Wanted, printed
from controller.cli.objects import as_job
from controller.cli.runs import with_instances
from controller.cli.session import Place, Session, run
from controller.view.instances import instances

#: So many lines of each, if there are several instances, as in kubectl.
_FEW: Final = 10


def logs(
    key: arguments.JobKey,
    container: Annotated[
        str | None,
        typer.Option(
            "-c", "--container", help="Absent: the default of the pod.", show_default=False
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on, also with pods that come later.")
    ] = False,
    previous: Annotated[
        bool, typer.Option("-p", "--previous", help="Of the container before the present one.")
    ] = False,
    tail: Annotated[
        int | None,
        typer.Option(
            help="Lines of each pod, -1: all. Absent: all of one instance, 10 of several.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Only newer lines: 30s, 5m, 1h30m.", show_default=False),
    ] = None,
    timestamps: Annotated[
        bool, typer.Option("--timestamps", help="With the time of each line.")
    ] = False,
    prefix: Annotated[
        bool, typer.Option("--prefix/--no-prefix", help="The instance before each line.")
    ] = True,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Print the logs of instances, each line with its instance before it."""
    asked = job_key(key)
    if follow and previous:
        raise CliError("--follow and --previous exclude each other", code=Exit.USAGE)
    wanted = Wanted(container, previous, tail, None if since is None else seconds_of(since))
    printer = Printer(asked.name, timestamps=timestamps, prefix=prefix)
    place = Place(kubeconfig, context, namespace)

    async def command(session: Session) -> Exit:
        return await _printed(session, asked, wanted, printer, follow=follow)

    raise typer.Exit(run(place, command))


async def _printed(
    session: Session, asked: JobKey, wanted: Wanted, printer: Printer, *, follow: bool
) -> Exit:
    raw, pods = await asyncio.gather(session.job(asked.name), session.pods_of(asked.name))
    rows = chosen(instances(with_instances(as_job(raw)), pods, time.time()), asked)
    count = len({row.instance for row in rows})
    wanted = wanted.with_tail(None if count == 1 else _FEW)
    if not follow:
        return await printed(session, rows, pods, wanted, printer)
    if count > MOST_FOLLOWED:
        raise CliError(
            f"Job {asked.name} has {count} instances: at most {MOST_FOLLOWED} can be followed",
            f"name some: `echelon job logs -f {asked.name}/0-{MOST_FOLLOWED - 1}`",
            Exit.USAGE,
        )
    await followed(session, asked, rows, wanted, printer)
    return Exit.DONE


def seconds_of(text: str) -> int:
    """The whole seconds of a duration, at least one. Raises ``CliError``."""
    return max(1, round(duration(text)))
