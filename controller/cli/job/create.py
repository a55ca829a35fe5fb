"""``echelon job create``."""

from __future__ import annotations

from contextlib import aclosing
from typing import Annotated

import typer

from controller.api.kinds import JOBS
from controller.cli import options
from controller.cli.applying import applied
from controller.cli.exits import CliError, Exit
from controller.cli.follow import follow
from controller.cli.manifest import Manifest, job_in
from controller.cli.objects import as_job
from controller.cli.output import note
from controller.cli.ready import until_ready
from controller.cli.session import Object, Place, Session, run
from controller.core.model.conditions import READY, RECONCILING, STALLED, find_true
from controller.escapes import clean
from controller.kube.errors import NotFound


def create(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A manifest with one Job (`-`: stdin).", show_default=False
        ),
    ],
    wait: Annotated[
        bool,
        typer.Option(
            "--wait", help="Wait until its instances are available, or its first run has ended."
        ),
    ] = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Create the Job of a manifest. One that exists already is not changed.

    With --wait it ends when the instances of a Service are available, when the run of an Adhoc Job
    has ended, or when the schedule of a Cron Job is in force.

    Exit codes: 0 created, with --wait: and well; 4 the Job needs a person: its run has failed, or
    its template is refused; 6 rejected; 7 timeout; 130 interrupted: the Job goes on.
    """
    manifest = job_in(file)

    async def command(session: Session) -> Exit:
        await _check_absent(session, manifest)
        await applied(session, manifest, None, dry_run=True)
        stored = await applied(session, manifest, None)
        print(f"echelonjob.echelon.dev/{manifest.name} created", flush=True)
        if not wait:
            return Exit.DONE
        if as_job(stored).spec.has_runs:
            return await _until_settled(session, stored, timeout)
        return await until_ready(session, stored, timeout)

    place = Place(kubeconfig, context, namespace or manifest.namespace or None)
    hint = f"the Job goes on; `echelon job status {manifest.name}` shows it"
    raise typer.Exit(run(place, command, hint))


async def _check_absent(session: Session, manifest: Manifest) -> None:
    try:
        await session.get(JOBS, manifest.name)
    except CliError as error:
        if isinstance(error.__cause__, NotFound):
            return
        raise
    raise CliError(
        f"Job {manifest.name} exists already in namespace {session.namespace}",
        f"`echelon job diff {manifest.name} -f {manifest.source}` shows what the file would "
        f"change, `kubectl apply -f {manifest.source}` changes it",
        Exit.REJECTED,
    )


async def _until_settled(session: Session, stored: Object, seconds: float | None) -> Exit:
    """Wait until the Job is Ready or needs a person. Returns DONE, or raises ``CliError``."""
    name, generation, told = stored["metadata"]["name"], stored["metadata"]["generation"], ""
    async with aclosing(follow(session, JOBS, name, seconds)) as versions:
        async for raw in versions:
            status = as_job(raw).status
            if status.observed_generation < generation:
                continue
            if find_true(status.conditions, READY):
                return Exit.DONE
            if stalled := find_true(status.conditions, STALLED):
                raise CliError(
                    f"Job {name} needs a person: {clean(stalled.message)}",
                    f"`echelon job status {name} -n {session.namespace}` shows it",
                    Exit.FAILED,
                )
            active = find_true(status.conditions, RECONCILING)
            if active is not None and active.message != told:
                note(told := clean(active.message))
    raise AssertionError("an object is followed until somebody stops to do so")
