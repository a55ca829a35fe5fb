"""``echelon job history``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Annotated, Final

import typer
from rich.text import Text

from controller.api.job import Job
from controller.cli import arguments, diffs, options
from controller.cli.exits import CliError, Exit
from controller.cli.keys import job_key
from controller.cli.objects import as_job, as_update
from controller.cli.output import Column, Format, Object, note, objects, table
from controller.cli.session import Place, Session, run
from controller.core.revisions.compare import compare
from controller.core.revisions.revision import images
from controller.view.configurations import relevant
from controller.view.history import Entry, history, number_of
from controller.view.jobs import Health, health_of
from controller.view.words import cut, since

#: Characters of a source in a table that is not wide: a commit of Git has 40.
_MAX_SOURCE: Final = 40


def show_history(
    name: arguments.JobName,
    revision: Annotated[
        list[str] | None,
        typer.Option(
            "--revision",
            help="Number or name of a revision: show what it changed. Twice: what differs "
            "between the two.",
            show_default=False,
        ),
    ] = None,
    form: options.Output = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """List the revisions of a Job: where each comes from, which Update brought it, how that ended.

    PARENT is the number of the revision that ran before, SOURCE what the template was built from
    (the Job's annotation echelon.dev/source), MADE-BY (with -o wide) who wrote the template.
    A revision whose template comes back gets the next number, as with a Deployment. With -o json,
    yaml or name the ControllerRevisions are printed.
    """
    key, asked = job_key(name), revision or []
    if key.instances is not None:
        raise CliError(
            "all instances share one history",
            f"write `{key.name}`; `echelon job instances {key}` shows what each runs",
            Exit.USAGE,
        )
    if len(asked) > 2:
        raise CliError("more than two revisions are named", "name one or two", Exit.USAGE)

    async def command(session: Session) -> None:
        raw, revisions, updates = await asyncio.gather(
            session.job(key.name), session.revisions_of(key.name), session.updates_of(key.name)
        )
        entries = history(as_job(raw), revisions, [as_update(each) for each in updates])
        stored = {each["metadata"]["name"]: each for each in revisions}
        named = [find(entries, text, key.name) for text in asked]
        if form in (Format.JSON, Format.YAML, Format.NAME):
            chosen = [stored[each.revision] for each in named or entries]
            objects(chosen, form, many=len(named) != 1)
        elif named:
            old, new = _pair(entries, named)
            diffs.show(_between(old, new, stored))
        else:
            now = time.time()
            wide = form is Format.WIDE
            table(entries, _columns(entries, now, wide=wide), wide=wide)
            _tell_of_template(as_job(raw), stored)

    run(Place(kubeconfig, context, namespace), command)


def find(entries: Sequence[Entry], text: str, job: str) -> Entry:
    """The revision of that number or name; the name may lack the Job's in front. Raises
    ``CliError``."""
    for each in entries:
        if text in (str(each.number), each.revision, each.revision.removeprefix(f"{job}-")):
            return each
    numbers = ", ".join(str(each.number) for each in entries)
    raise CliError(
        f"Job {job} has no revision {text}",
        f"it has {numbers}; `echelon job history {job}` lists them" if numbers else "it has none",
    )


def _pair(entries: Sequence[Entry], named: Sequence[Entry]) -> tuple[Entry, Entry]:
    """The two revisions to compare; of one alone, it and the one before it."""
    if len(named) == 2:
        return named[0], named[1]
    at = entries.index(named[0])
    if at == 0:
        raise CliError(
            f"revision {named[0].number} is the oldest one that is kept: none is before it",
            f"`--revision {named[0].number} -o yaml` shows it whole",
        )
    return entries[at - 1], named[0]


def _between(old: Entry, new: Entry, stored: dict[str, Object]) -> Text:
    before, after = (relevant(stored[each.revision].get("data") or {}) for each in (old, new))
    head = diffs.head(f"revision {old.number} to {new.number}", old.revision, new.revision)
    differences = compare(before, after)
    if not differences:
        return Text("\n").join([head, Text("  no difference", "dim")])
    return Text("\n").join([head, diffs.of_differences(differences)])


def notes_of(entry: Entry) -> str:
    """What is special about a revision, such as ``current``."""
    words = {
        "current": entry.is_current,
        "template": entry.is_template and not entry.is_current,
        "known bad": entry.is_bad,
        entry.origin: bool(entry.origin),
    }
    return ", ".join(word for word, holds in words.items() if holds)


def _columns(entries: Sequence[Entry], now: float, *, wide: bool) -> list[Column[Entry]]:
    return [
        Column("NUMBER", lambda each: str(each.number)),
        Column("REVISION", lambda each: each.revision),
        Column("PARENT", lambda each: number_of(entries, each.parent)),
        Column("IMAGES", lambda each: ",".join(each.images)),
        Column("SOURCE", lambda each: each.source if wide else cut(each.source, _MAX_SOURCE)),
        Column("UPDATE", lambda each: each.update),
        Column("OUTCOME", lambda each: each.outcome, style=_style),
        Column("BY", lambda each: each.by),
        Column("AGE", lambda each: since(each.time, now)),
        Column("INSTANCES", lambda each: cut(str(each.instances), 24)),
        Column("NOTES", lambda each: notes_of(each) or " "),
        Column("MADE-BY", lambda each: each.made_by, wide=True),
        Column("MESSAGE", lambda each: each.message or " ", wide=True),
    ]


def _tell_of_template(job: Job, stored: Collection[str]) -> None:
    """Say it if the present template is not in the list, because it is refused."""
    name, namespace = job.metadata.name, job.metadata.namespace
    template = job.status.update_revision
    health, reason, _ = health_of(job)
    if template and template not in stored and health is Health.STALLED:
        note(
            f"the present template ({', '.join(images(job.spec.template))}) is no revision yet: "
            f"{reason}; `echelon job diff {name} -n {namespace}` shows what it would change"
        )


def _style(entry: Entry) -> str:
    if entry.outcome in ("RolledBack", "Failed", "Error"):
        return "red"
    return "green" if entry.outcome == "RolledForward" else ""
