"""``echelon job list``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from controller.api.kinds import JOBS
from controller.cli import options
from controller.cli.exits import CliError
from controller.cli.objects import as_job
from controller.cli.output import Column, Format, Object, longest_message, note, objects, table
from controller.cli.session import Place, Session, run
from controller.view.jobs import Health, JobRow, job_row
from controller.view.words import cut, since

#: Colours of rich for what a Job is.
STYLES: Final = {
    Health.READY: "green",
    Health.PENDING: "yellow",
    Health.RECONCILING: "cyan",
    Health.STALLED: "bold red",
    Health.UNSEEN: "yellow",
    Health.DELETING: "dim",
}
#: Reasons that say no more than the health does.
_USUAL: Final = frozenset({"", "Progressing", "NotObserved", *Health})


def list_jobs(
    selector: options.Selector = None,
    form: options.Output = None,
    everywhere: options.Everywhere = False,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """List Jobs: how many instances are ready, what they run, what they wait for.

    Of a Job of type Cron or Adhoc, INSTANCES says how many instances of its last run succeeded,
    failed or are running.
    """
    place = Place(kubeconfig, context, namespace, everywhere)

    async def command(session: Session) -> None:
        found = await session.list(JOBS, selector)
        if found or form in (Format.JSON, Format.YAML):
            show(found, form, many=True, everywhere=everywhere)
        else:
            where = "" if everywhere else f" in namespace {session.namespace}"
            note(f"No Jobs found{where}.")
            if not everywhere:
                note("`echelon job list -A` lists those of all namespaces.")

    run(place, command)


def show(
    found: Sequence[Object], form: Format | None, *, many: bool, everywhere: bool = False
) -> None:
    """Print Jobs as a table, or for programs. ``many``: as a List, even if there is one."""
    if form in (Format.JSON, Format.YAML, Format.NAME):
        objects(found, form, many=many)
        return
    now, wide = time.time(), form is Format.WIDE
    columns = [Column[JobRow]("NAMESPACE", lambda row: row.namespace)] if everywhere else []
    table(_rows(found), columns + _columns(now, longest_message(wide=wide)), wide=wide)


def status_of(row: JobRow) -> str:
    """``Ready``, or with the reason ``Stalled:RolledBack``, as kubectl writes ``Init:Error``."""
    return row.health if row.reason in _USUAL else f"{row.health}:{row.reason}"


def mix_of(row: JobRow) -> str:
    """The revisions that instances run now, and how many: ``web-abc=9,web-def=1``."""
    return ",".join(f"{revision}={len(ids)}" for revision, ids in row.revisions.items())


def _columns(now: float, most: int | None) -> list[Column[JobRow]]:
    return [
        Column("NAME", lambda row: row.name),
        Column("INSTANCES", lambda row: row.count),
        Column("STATUS", status_of, style=lambda row: STYLES[row.health]),
        Column("REVISION", _revision),
        Column("UPDATE", lambda row: row.update),
        Column("AGE", lambda row: since(row.created, now)),
        Column("LAST", lambda row: row.outcome, wide=True),
        Column("REVISIONS", mix_of, wide=True),
        Column(
            "MESSAGE", lambda row: (row.message if most is None else cut(row.message, most)) or " "
        ),
    ]


def _revision(row: JobRow) -> str:
    """The revision of most instances, and how many more there are."""
    if not row.revisions:
        return row.current
    first, more = next(iter(row.revisions)), len(row.revisions) - 1
    return f"{first}+{more}" if more else first


def _rows(found: Iterable[Object]) -> Iterable[JobRow]:
    for raw in found:
        try:
            yield job_row(as_job(raw))
        except CliError as error:
            note(f"{error.message}; {error.hint}")
