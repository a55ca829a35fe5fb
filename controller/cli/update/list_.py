"""``echelon update list``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from controller.api.kinds import UPDATES
from controller.api.progress import ACTIVE, Phase
from controller.api.update import Update
from controller.cli import options
from controller.cli.completion import job_names
from controller.cli.exits import CliError, Exit
from controller.cli.keys import job_key
from controller.cli.objects import as_update
from controller.cli.output import Column, Format, Object, longest_message, note, objects, table
from controller.cli.session import Place, Session, run
from controller.core.status.update import AWAITING, FAILED, PAUSED, SUCCEEDED
from controller.view.update_rows import UpdateRow, has_status, known_statuses, order, update_row
from controller.view.words import age, cut, since

Job = Annotated[
    str | None,
    typer.Argument(
        metavar="JOB", autocompletion=job_names, help="Only its Updates.", show_default=False
    ),
]
Status = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        help="active, paused, blocked (awaits a pulse, or is stuck), failed, succeeded, inactive, "
        "all, or a phase such as rolled-back. Can be repeated.",
        show_default="all",
    ),
]


def list_updates(
    job: Job = None,
    status: Status = None,
    selector: options.Selector = None,
    form: options.Output = None,
    everywhere: options.Everywhere = False,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """List Updates, oldest first: phase, progress, failures, and who asked for them."""
    words = [word for each in status or ["all"] for word in each.split(",")]
    try:
        wanted = has_status(words)
    except ValueError as error:
        raise CliError(str(error), f"known are {', '.join(known_statuses())}", Exit.USAGE) from None
    name = _job_name(job)
    place = Place(kubeconfig, context, namespace, everywhere)

    async def command(session: Session) -> None:
        everything = await session.list(UPDATES, selector)
        found = [
            (update, raw)
            for update, raw in _read(everything)
            if wanted(update) and name in ("", update.spec.job)
        ]
        found.sort(key=lambda pair: order(pair[0]))
        if found or form in (Format.JSON, Format.YAML):
            show([raw for _, raw in found], form, many=True, everywhere=everywhere)
            return
        if name and not everywhere and not any(e["spec"].get("job") == name for e in everything):
            await session.job(name)  # says so if there is no such Job
        of = f" of Job {name}" if name else ""
        kind = "" if words == ["all"] else f" that are {' or '.join(words)}"
        note(f"No Updates{of}{kind}{'' if everywhere else f' in namespace {session.namespace}'}.")
        if not everywhere:
            note("`echelon update list -A` lists those of all namespaces.")

    run(place, command)


def show(
    found: Sequence[Object], form: Format | None, *, many: bool, everywhere: bool = False
) -> None:
    """Print Updates as a table, or for programs. ``many``: as a List, even if there is one."""
    if form in (Format.JSON, Format.YAML, Format.NAME):
        objects(found, form, many=many)
        return
    now, wide = time.time(), form is Format.WIDE
    most = longest_message(wide=wide)
    columns = [Column[UpdateRow]("NAMESPACE", lambda row: row.namespace)] if everywhere else []
    rows = [update_row(update, now) for update, _ in _read(found)]
    table(rows, columns + _columns(now, most), wide=wide)


def style_of(phase: Phase, stalled: bool = False) -> str:
    """The colour of rich for a phase."""
    if phase in FAILED or stalled:
        return "bold red"
    if phase in PAUSED | AWAITING:
        return "yellow"
    if phase in SUCCEEDED:
        return "green"
    return "cyan" if phase in ACTIVE or phase is Phase.PENDING else "dim"


def _columns(now: float, most: int | None) -> list[Column[UpdateRow]]:
    return [
        Column("NAME", lambda row: row.name),
        Column("JOB", lambda row: row.job),
        Column("PHASE", lambda row: row.phase, style=lambda row: style_of(row.phase, row.stalled)),
        Column("REASON", lambda row: row.reason, wide=True),
        Column("PROGRESS", lambda row: f"{row.done}/{row.total}"),
        Column(
            "FAILED", lambda row: str(row.failed), style=lambda row: "red" if row.failed else ""
        ),
        Column("BY", lambda row: row.by),
        Column("AGE", lambda row: since(row.created, now)),
        Column("TOOK", lambda row: _took(row, now), wide=True),
        Column("TARGET", lambda row: row.target, wide=True),
        Column("SOURCE", lambda row: row.source, wide=True),
        Column("MESSAGE", lambda row: row.message if most is None else cut(row.message, most)),
    ]


def _took(row: UpdateRow, now: float) -> str:
    """How long it has run."""
    if row.started is None:
        return ""
    return age((now if row.finished is None else row.finished) - row.started)


def _job_name(text: str | None) -> str:
    """The name of a Job; "" for all Jobs. Raises ``CliError``."""
    if text is None:
        return ""
    key = job_key(text)
    if key.instances is not None:
        raise CliError(
            f"{key}: Updates are listed for a whole Job", f"write `{key.name}`", Exit.USAGE
        )
    return key.name


def _read(found: Iterable[Object]) -> Iterable[tuple[Update, Object]]:
    for raw in found:
        try:
            yield as_update(raw), raw
        except CliError as error:
            note(f"{error.message}; {error.hint}")
