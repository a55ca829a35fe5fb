"""``echelon job kill``."""

from __future__ import annotations

from typing import Annotated

import typer

from controller.cli import arguments, options
from controller.cli.asking import confirm
from controller.cli.exits import Exit
from controller.cli.output import note
from controller.cli.runs import active_runs, end, job_with_runs, whole_job
from controller.cli.session import Place, Session, run


def kill(
    name: arguments.JobName,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until the pods have ended.")
    ] = True,
    yes: options.Yes = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """End the active run of a Job of type Cron or Adhoc. The Job stays, and needs a person until a
    later run succeeds.

    Exit codes: 0 ended, or no run was active; 6 rejected; 7 timeout: its pods have not ended;
    130 interrupted.
    """
    key = whole_job(name)
    confirm(f"End the active run of Job {key}?", yes=yes)

    async def command(session: Session) -> Exit:
        found = await active_runs(session, await job_with_runs(session, key))
        if not found:
            note(f"no run of Job {key} is active")
        for each in found:
            await end(session, each, timeout if wait else 0.0)
            print(f"job.batch/{each['metadata']['name']} deleted", flush=True)
        return Exit.DONE

    hint = f"`echelon job status {key}` shows the last run"
    raise typer.Exit(run(Place(kubeconfig, context, namespace), command, hint))
