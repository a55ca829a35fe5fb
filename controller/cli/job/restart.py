"""``echelon job restart``."""

from __future__ import annotations

import typer

from controller.cli import arguments, options
from controller.cli.after import (
    After,
    DetachFlag,
    Started,
    WaitFlag,
    WatchFlag,
    after_of,
    check_free,
    follow_up,
)
from controller.cli.exits import Exit
from controller.cli.keys import job_key
from controller.cli.session import Place, Session, run
from controller.cli.starting import create


def restart(
    key: arguments.JobKey,
    paused: options.Paused = False,
    message: options.Message = None,
    watch: WatchFlag = False,
    wait: WaitFlag = False,
    detach: DetachFlag = False,
    exit_on_pause: options.ExitOnPause = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Replace instances by new ones of the same revision, as an Update: with its strategy, gates
    and history.

    A changed template that waits is not shipped. Without --watch or --wait the command returns when
    the restart has begun.

    Exit codes: 0 started, or with --wait or --watch rolled forward; 3 rolled back; 4 failed;
    5 aborted or superseded; 6 rejected; 7 timeout; 8 paused by the operator, with --exit-on-pause;
    130 interrupted: the Update goes on.
    """
    asked = job_key(key)
    after = after_of(watch=watch, wait=wait, detach=detach, default=After.DETACH)
    place = Place(kubeconfig, context, namespace)
    started = Started()

    async def command(session: Session) -> Exit:
        # Without this, a misspelt name would make an Update that waits for its Job.
        check_free(await session.job(asked.name))
        started.creating(asked.name)
        started.update = await create(
            session,
            asked.name,
            "restart",
            restart=True,
            instances=None if asked.instances is None else str(asked.instances),
            paused=paused,
            message=message,
        )
        print(f"update.echelon.dev/{started.update} created", flush=True)
        return await follow_up(session, started.update, after, timeout, exit_on_pause=exit_on_pause)

    raise typer.Exit(run(place, command, started.farewell))
