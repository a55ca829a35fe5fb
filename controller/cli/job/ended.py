"""``echelon job instances --ended``: the pods of a Job that are no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from controller.api.ended import EndCause, Ended
from controller.api.ids import Ids
from controller.api.job import Job
from controller.api.meta import wire
from controller.cli.exits import CliError, Exit
from controller.cli.output import Column, Format, dump, note, table
from controller.view.words import age, since

#: Colours of rich for causes that are nobody's intention.
_STYLES: Final = {
    EndCause.FAILED: "bold red",
    EndCause.NODE_LOST: "bold red",
    EndCause.EVICTED: "yellow",
    EndCause.PREEMPTED: "yellow",
}


def show(job: Job, instances: Ids | None, form: Format | None, now: float) -> None:
    """Print what became of pods, of these instances only. Raises ``CliError`` for ``-o name``:
    they have no names that could be used any more."""
    if form is Format.NAME:
        raise CliError("pods that are no more cannot be named", "use -o json or yaml", Exit.USAGE)
    found = [each for each in job.status.ended if instances is None or each.instance in instances]
    if form in (Format.JSON, Format.YAML):
        dump([wire(each) for each in found], form)
    elif found:
        table(found, _columns(found, now), wide=form is Format.WIDE)
    else:
        whose = f"instances {instances} of Job" if instances is not None else "Job"
        note(f"No pod of {whose} {job.metadata.name} is known to have ended.")


def _columns(found: Sequence[Ended], now: float) -> list[Column[Ended]]:
    by_update = any(each.update for each in found)
    return [
        Column("INSTANCE", lambda row: str(row.instance)),
        Column("CAUSE", lambda row: str(row.cause), style=lambda row: _STYLES.get(row.cause, "")),
        Column("UPDATE", lambda row: row.update, wide=not by_update),
        Column("REVISION", lambda row: row.revision),
        Column("NODE", lambda row: row.node),
        Column("EXIT", lambda row: str(row.exit_code)),
        Column("RAN", lambda row: age(row.ended_at - row.started_at) if row.started_at else ""),
        Column("ENDED", lambda row: f"{since(row.ended_at, now)} ago"),
        Column("MESSAGE", lambda row: row.message or " "),
    ]
