"""``echelon job create``."""

from __future__ import annotations

from typing import Annotated

import typer

from controller.api.kinds import JOBS
from controller.cli import options
from controller.cli.applying import applied
from controller.cli.exits import CliError, Exit
from controller.cli.manifest import Manifest, job_in
from controller.cli.objects import as_job
from controller.cli.ready import until_ready
from controller.cli.runs import until_settled
from controller.cli.session import Place, Session, run
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
            return await until_settled(session, stored, timeout)
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
