"""``echelon job instances``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from controller.api.ids import Ids
from controller.cli import arguments, options
from controller.cli.exits import CliError
from controller.cli.job.ended import show as show_ended
from controller.cli.keys import JobKey, job_key
from controller.cli.objects import as_job
from controller.cli.output import Column, Format, note, objects, table
from controller.cli.runs import with_instances
from controller.cli.session import Place, Session, run
from controller.view.instances import Instance, State, instances
from controller.view.words import since

#: Colours of rich for the state of an instance.
STYLES: Final = {
    State.GOOD: "green",
    State.READY: "cyan",
    State.STARTING: "yellow",
    State.PENDING: "yellow",
    State.STOPPING: "dim",
    State.ENDED: "bold red",
    State.MISSING: "bold red",
}


def style_of(row: Instance) -> str:
    """The colour of rich for an instance."""
    return "bold red" if row.is_failing else STYLES[row.state]


def list_instances(
    key: arguments.JobKey,
    ended: Annotated[
        bool, typer.Option("--ended", help="Those that are no more, the newest 50, and why.")
    ] = False,
    form: options.Output = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """List the instances of a Job: what each runs, where, and what is wrong with it.

    An arrow in the column REVISION leads to the revision that an instance should have and does not
    have yet. With -o json, yaml or name the pods are printed; of those that are no more, what
    status.ended of the Job tells.
    """
    asked = job_key(key)

    async def command(session: Session) -> None:
        if ended:
            show_ended(as_job(await session.job(asked.name)), asked.instances, form, time.time())
            return
        raw, pods = await asyncio.gather(session.job(asked.name), session.pods_of(asked.name))
        now = time.time()
        rows = chosen(instances(with_instances(as_job(raw)), pods, now), asked)
        if form in (Format.JSON, Format.YAML, Format.NAME):
            names = {row.pod for row in rows}
            found = [pod for pod in pods if pod["metadata"]["name"] in names]
            objects(found, form, many=True)
        elif rows:
            table(rows, _columns(now), wide=form is Format.WIDE)
        else:
            note(f"Job {asked.name} has no instances: its spec.instances is 0.")

    run(Place(kubeconfig, context, namespace), command)


def chosen(rows: Sequence[Instance], asked: JobKey) -> list[Instance]:
    """The rows that the key names. Raises ``CliError`` if it names an id that does not exist."""
    if asked.instances is None:
        return list(rows)
    known = Ids(row.instance for row in rows)
    if missing := asked.instances - known:
        word = "instance" if len(missing) == 1 else "instances"
        has = f"its instances are {known}" if known else "it has no instances"
        raise CliError(f"Job {asked.name} has no {word} {missing}", has)
    return [row for row in rows if row.instance in asked.instances]


def revision_of(row: Instance) -> str:
    """The revision, and after an arrow the one that the instance should have instead."""
    if row.at_its_revision:
        return row.revision
    return f"{row.revision} → {row.assigned}".strip()


def _columns(now: float) -> list[Column[Instance]]:
    return [
        Column("INSTANCE", lambda row: str(row.instance)),
        Column("STATE", lambda row: row.word, style=style_of),
        Column("REVISION", revision_of, style=lambda row: "" if row.at_its_revision else "yellow"),
        Column("POD", lambda row: row.pod),
        Column("NODE", lambda row: row.node),
        Column("RESTARTS", lambda row: str(row.restarts)),
        Column("AGE", lambda row: since(row.created, now)),
        Column("IP", lambda row: row.ip, wide=True),
        Column("IMAGES", lambda row: ",".join(row.images), wide=True),
        Column("MESSAGE", lambda row: row.message or " "),
    ]
