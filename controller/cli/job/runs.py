"""The branches of a Job's tree that are about its runs and its schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from rich.text import Text
from rich.tree import Tree

from controller.api.job import Job
from controller.core.schedules.schedule import parsed
from controller.escapes import clean
from controller.view.jobs import JobRow
from controller.view.runs import RunRow, RunState
from controller.view.words import age, since

_STYLES: Final = {
    RunState.STARTING: "cyan",
    RunState.ACTIVE: "cyan",
    RunState.ENDING: "yellow",
    RunState.SUCCEEDED: "green",
    RunState.FAILED: "bold red",
    RunState.KILLED: "yellow",
    RunState.DELETED: "bold red",
}


def add(tree: Tree, job: Job, row: JobRow, images: Mapping[str, Sequence[str]], now: float) -> None:
    """The schedule, the last run and its revision, and that of the template if it is another."""
    if job.spec.cron is not None:
        tree.add(_schedule(job, now))
    last = row.last_run
    tree.add(_run(last, now) if last else Text.assemble(("last run  ", "bold"), "none yet"))
    ran = last.revision if last else ""
    if ran:
        _add_revision(tree, ran, "last run", images)
    if row.template not in ("", ran):
        _add_revision(tree, row.template, "template", images)


def _add_revision(
    tree: Tree, revision: str, what: str, images: Mapping[str, Sequence[str]]
) -> None:
    tags = "".join(f"  {image}" for image in images.get(revision, ()))
    tree.add(Text.assemble(("revision  ", "bold"), f"{revision}{tags}  ({what})"))


def _run(run: RunRow, now: float) -> Text:
    text = Text.assemble(
        ("last run  ", "bold"), f"{run.name}  ", (f"{run.state}", _STYLES[run.state])
    )
    text.append(f"  {run.succeeded} of {run.instances} succeeded")
    if run.failed:
        text.append(f", {run.failed} failed", "red")
    if run.active:
        text.append(f", {run.active} active")
    if run.started:
        text.append(f"  started {since(run.started, now)} ago")
    if run.started and run.ended:
        text.append(f", took {age(run.ended - run.started)}")
    return text


def _schedule(job: Job, now: float) -> Text:
    cron = job.spec.cron
    assert cron is not None
    zone = cron.time_zone or "time zone of the cluster"
    text = Text.assemble(("schedule  ", "bold"), clean(cron.schedule), (f"  {clean(zone)}", "dim"))
    if cron.suspend:
        return text.append("  suspended", "yellow")
    try:
        schedule = parsed(cron.schedule, cron.time_zone)
        at = schedule.after(now)
    except ValueError:
        # Why it cannot be read is what the Job waits for.
        return text
    if at is not None:
        due = datetime.fromtimestamp(at, schedule.zone).isoformat(sep=" ")
        text.append(f"  next run {due}, in {age(at - now)}")
    return text
