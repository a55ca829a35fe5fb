"""``echelon job delete``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from enum import StrEnum
from typing import Annotated, Final, Literal

import typer

from controller.api.kinds import JOBS
from controller.cli import arguments, options, owners
from controller.cli.asking import confirm
from controller.cli.exits import CliError, Exit
from controller.cli.explained import explained
from controller.cli.follow import follow
from controller.cli.keys import job_key
from controller.cli.output import note
from controller.cli.session import Object, Place, Session, run
from controller.kube.errors import ApiError, NotFound
from controller.view.words import plural


class Cascade(StrEnum):
    """What becomes of what belongs to the Job, as in kubectl."""

    BACKGROUND = "background"
    FOREGROUND = "foreground"
    ORPHAN = "orphan"


_POLICY: Final[dict[Cascade, Literal["Background", "Foreground", "Orphan"]]] = {
    Cascade.BACKGROUND: "Background",
    Cascade.FOREGROUND: "Foreground",
    Cascade.ORPHAN: "Orphan",
}


def delete(
    name: arguments.JobName,
    cascade: Annotated[
        Cascade,
        typer.Option(
            help="background: its pods go after it; foreground: before it; orphan: they stay."
        ),
    ] = Cascade.BACKGROUND,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until the Job is gone.")
    ] = True,
    yes: options.Yes = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Delete a Job and, unless --cascade=orphan, its pods and its history. Says what goes, and
    asks.

    Exit codes: 0 deleted; 6 rejected; 7 timeout: the Job is still being deleted; 130 interrupted.
    """
    key = job_key(name)
    if key.instances is not None:
        raise CliError(
            f"{name} names instances: only a whole Job can be deleted",
            f"`echelon job restart {name}` replaces them, `echelon job scale {key.name} N` removes "
            "the highest",
            Exit.USAGE,
        )
    place = Place(kubeconfig, context, namespace)
    job, lines = run(place, lambda session: _inventory(session, key.name, cascade))
    for line in lines:
        note(line)
    confirm(f"Delete Job {key.name}?", yes=yes)
    hint = f"the Job is being deleted; `echelon job status {key.name}` shows whether it is gone"
    run(place, lambda session: _deleted(session, job, cascade, timeout if wait else 0.0), hint)


async def _inventory(session: Session, name: str, cascade: Cascade) -> tuple[Object, list[str]]:
    """The Job, and what becomes of what belongs to it, as sentences."""
    job, pods, updates, revisions = await asyncio.gather(
        session.job(name),
        session.pods_of(name),
        session.updates_of(name),
        session.revisions_of(name),
    )
    uid = job["metadata"]["uid"]
    counts = [
        plural(len(_owned(pods, uid)), "pod"),
        plural(len(_owned(updates, uid)), "Update"),
        plural(len(_owned(revisions, uid)), "revision"),
    ]
    lines = [f"Job {name} in namespace {session.namespace}:"]
    if cascade is Cascade.ORPHAN:
        lines.append(f"  {counts[0]} run on, and nobody replaces those that end")
        lines.append("  a new Job of this name adopts them, with the revisions that it finds")
    else:
        when = "after" if cascade is Cascade.BACKGROUND else "before"
        lines.append(f"  {', '.join(counts)} go {when} it")
        kept = len(updates) - len(_owned(updates, uid))
        if kept:
            word = "that a person made stays" if kept == 1 else "that people made stay"
            lines.append(f"  {plural(kept, 'Update')} {word}")
    if held := (job.get("status") or {}).get("activeUpdate"):
        lines.append(f"  Update {held['name']} is active: it ends where it is")
    for manager in owners.programs(job, "spec", "template"):
        lines.append(f"  {owners.called(manager)} owns its spec, and may create it again")
    return job, lines


def _owned(objects: Iterable[Object], uid: str) -> list[Object]:
    return [
        each
        for each in objects
        if any(o["uid"] == uid for o in each["metadata"].get("ownerReferences") or ())
    ]


async def _deleted(session: Session, job: Object, cascade: Cascade, seconds: float | None) -> None:
    """Delete the Job and wait until it is gone. ``seconds``: at most; 0: do not wait."""
    name, uid = job["metadata"]["name"], job["metadata"]["uid"]
    try:
        await session.client.delete(
            JOBS, session.namespace, name, uid=uid, propagation=_POLICY[cascade]
        )
    except ApiError as error:
        raise explained(error, "delete", JOBS, name, session.namespace) from error
    if seconds != 0:
        await _until_gone(session, name, uid, seconds)
    print(f"echelonjob.echelon.dev/{name} deleted")


async def _until_gone(session: Session, name: str, uid: str, seconds: float | None) -> None:
    """Wait until the Job with this uid is gone; a new one of the same name is another."""
    try:
        async with aclosing(follow(session, JOBS, name, seconds)) as versions:
            async for raw in versions:
                if raw["metadata"]["uid"] != uid:
                    return
    except CliError as error:
        if error.code is not Exit.ERROR:
            raise
        if await _exists(session, name, uid):
            raise


async def _exists(session: Session, name: str, uid: str) -> bool:
    """Whether the Job is still there."""
    try:
        return bool((await session.job(name))["metadata"]["uid"] == uid)
    except CliError as error:
        if isinstance(error.__cause__, NotFound):
            return False
        raise
