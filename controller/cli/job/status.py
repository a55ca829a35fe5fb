"""``echelon job status``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable
from typing import Final

from controller.api.job import Job
from controller.cli import arguments, options
from controller.cli.exits import CliError
from controller.cli.job import tree
from controller.cli.job.instances import chosen
from controller.cli.keys import JobKey, job_key
from controller.cli.objects import as_job, as_update
from controller.cli.output import Object, console, is_screen, note
from controller.cli.runs import with_instances
from controller.cli.session import Place, Session, run
from controller.core.revisions.revision import images
from controller.kube import logs
from controller.kube.errors import ApiError
from controller.view.instances import Instance, container_in_trouble, instances

#: A width that no line has.
_WHOLE: Final = 100_000
#: So many containers are asked for the end of their log, and so many lines of each.
_LOGS: Final = 3
_LINES: Final = 5
#: Seconds for these logs; a node that does not answer must not hold the command up.
_PATIENCE: Final = 4.0


def show_status(
    key: arguments.JobKey,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Show how a Job is: what it waits for, what it runs, its Updates, and what is wrong.

    With IDS, these instances are shown even if nothing is wrong with them.
    """

    asked = job_key(key)

    async def command(session: Session) -> None:
        seen = await _seen(session, asked)
        shown = tree.of(seen, tree.next_commands(seen))
        out = console()
        if not is_screen(out):
            # In a terminal, long lines are wrapped and the branches kept; a file gets whole lines.
            out.width = _WHOLE
        out.print(shown, soft_wrap=False)

    run(Place(kubeconfig, context, namespace), command)


async def _seen(session: Session, key: JobKey) -> tree.Seen:
    raw = await session.job(key.name)
    pods, updates, revisions = await asyncio.gather(
        _optional(session.pods_of(key.name), "pods"),
        _optional(session.updates_of(key.name), "Updates"),
        _optional(session.revisions_of(key.name), "ControllerRevisions"),
    )
    job, now = as_job(raw), time.time()
    rows = instances(job, pods or (), now) if pods is not None else []
    if key.instances is not None and pods is not None:
        rows = chosen(instances(with_instances(job), pods, now), key)
    return tree.Seen(
        job=job,
        rows=rows,
        updates=[as_update(each) for each in updates or ()],
        now=now,
        images=_images(job, revisions or ()),
        logs=await _logs(session, rows, pods or ()),
        asked=key.instances,
    )


def _images(job: Job, revisions: Iterable[Object]) -> dict[str, tuple[str, ...]]:
    """The images of revisions, and of the present template, which is no revision if it is refused;
    by name."""
    found = {each["metadata"]["name"]: images(each.get("data") or {}) for each in revisions}
    seen = job.status.observed_generation == job.metadata.generation
    if seen and job.status.update_revision:
        found.setdefault(job.status.update_revision, images(job.spec.template))
    return found


async def _optional(request: Awaitable[list[Object]], what: str) -> list[Object] | None:
    """What was read; None, with a note, if it may not be read: the rest is worth showing."""
    try:
        return await request
    except CliError as error:
        note(f"without {what}: {error.message}")
        return None


async def _logs(
    session: Session, rows: Iterable[Instance], pods: Iterable[Object]
) -> dict[str, str]:
    """The last lines of the containers in trouble, by pod. Empty for those that cannot be read."""
    ill = {row.pod for row in rows if not tree.is_well(row)}
    found = [(each, container_in_trouble(each)) for each in pods]
    asked = [(each, name) for each, name in found if name and each["metadata"]["name"] in ill]
    names = [each["metadata"]["name"] for each, _ in asked[:_LOGS]]
    tails = await asyncio.gather(
        *(_tail(session, pod, container) for pod, (_, container) in zip(names, asked, strict=False))
    )
    return {pod: text for pod, text in zip(names, tails, strict=True) if text}


async def _tail(session: Session, pod: str, container: str) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            end = await logs.tail(
                session.client, session.namespace, pod, container, lines=_LINES, most_bytes=2000
            )
            return end.text
    except (ApiError, TimeoutError):
        return ""
