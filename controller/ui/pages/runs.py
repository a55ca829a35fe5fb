"""The runs of a Cron or Adhoc Job on its page: the list of them, and when the next one is due.

They are read on demand, because most clusters have few of them: the status of the Job changes with
each run, and the page is drawn anew then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from controller.api.job import Job
from controller.core.model.runs import Run
from controller.core.schedules.schedule import parsed
from controller.kube.errors import ApiError
from controller.reconcile.runs.objects import read_run
from controller.ui import figures, marks
from controller.ui.access import Rights
from controller.ui.figures import Part
from controller.ui.marks import Badge
from controller.ui.pages.base import Data, words_of
from controller.ui.site import Site
from controller.view.runs import RunRow, RunState, is_of, rows

#: Runs on the page.
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs whose batch/v1 Job exists. ``trouble``: why they are not all known."""

    found: Sequence[Run] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One run."""

    row: RunRow
    badge: Badge
    bar: list[Part]

    @property
    def why(self) -> str:
        """What is worth saying beside the counts; "" if all is well."""
        return "" if self.row.state is RunState.SUCCEEDED else self.row.message


async def read(site: Site, job: Job, sight: Rights) -> Runs:
    """The runs of a Job, as far as the viewer may see them; none of a Service."""
    if not job.spec.has_runs:
        return Runs()
    if not sight.runs:
        return Runs((), "you may not list jobs of batch in this namespace")
    try:
        found = await site.reads.runs(job.metadata.namespace, job.metadata.name)
    except ApiError as error:
        return Runs((), words_of(error))
    return Runs(tuple(read_run(each).run for each in found if is_of(each, job)))


def tab(job: Job, runs: Runs) -> Data:
    """The runs of a Job, newest first, and the command that shows the logs of the newest. Of one
    that failed, the lines at the top of the page have that command."""
    lines = [_line(row) for row in rows(job, runs.found)[:MOST]]
    logs = []
    if lines and lines[0].row.exists and lines[0].row.state is not RunState.FAILED:
        where = f"-l job-name={lines[0].row.name} -n {job.metadata.namespace}"
        logs.append(f"kubectl logs --prefix {where}    # what its instances say")
    return {"runs": lines, "trouble": runs.trouble, "logs": logs}


def newest_of(job: Job, runs: Runs) -> dict[str, Line]:
    """Revision -> the newest of its runs."""
    return {line.row.revision: line for line in map(_line, reversed(rows(job, runs.found)))}


def latest(job: Job) -> Line | None:
    """The last run of a Job, as its status tells of it."""
    found = rows(job, ())
    return _line(found[0]) if found else None


def due(job: Job, now: float) -> float | None:
    """When (epoch seconds) the next run is due; None if none is, or nobody can tell."""
    cron = job.spec.cron
    if cron is None or cron.suspend:
        return None
    try:
        return parsed(cron.schedule, cron.time_zone).after(now)
    except ValueError:
        return None


def _line(row: RunRow) -> Line:
    rest = max(0, row.instances - row.succeeded - row.failed - row.active)
    bar = figures.bar(
        (
            (row.succeeded, "good", "succeeded"),
            (row.failed, "bad", "failed"),
            (row.active, "busy", "active"),
            (rest, "wait", "not started"),
        )
    )
    return Line(row, marks.of_run(row.state), bar)
