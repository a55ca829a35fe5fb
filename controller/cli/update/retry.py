"""``echelon update retry``."""

from __future__ import annotations

import typer

from controller.api.kinds import UPDATES
from controller.cli import arguments, options
from controller.cli.after import (
    After,
    Started,
    WaitFlag,
    WatchFlag,
    after_of,
    follow_up,
)
from controller.cli.exits import CliError, Exit
from controller.cli.objects import as_job, as_update
from controller.cli.output import console, note
from controller.cli.session import Object, Place, Session, run
from controller.cli.update.which import which
from controller.view.retry import Retry, retry_of
from controller.view.verbs import Refused
from controller.view.words import ids, plural


def retry(
    name: arguments.UpdateName,
    message: options.Message = None,
    wait: WaitFlag = False,
    watch: WatchFlag = False,
    exit_on_pause: options.ExitOnPause = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Try the failed instances of an Update again: a new Update for these alone.

    It goes to the same revision, with the same policy, even if the revision is known to be bad.
    `echelon job retry` tries the present template for the whole Job.

    Exit codes: 0 started, or with --wait or --watch rolled forward; 3 rolled back; 4 failed;
    5 aborted or superseded; 6 rejected; 7 timeout; 8 paused by the operator, with --exit-on-pause;
    130 interrupted: the Update goes on.
    """
    after = after_of(watch=watch, wait=wait, detach=False, default=After.DETACH)
    place = Place(kubeconfig, context, namespace)
    started = Started()

    async def command(session: Session) -> Exit:
        made = await _made(session, name, message, started)
        started.update = made["metadata"]["name"]
        return await follow_up(session, started.update, after, timeout, exit_on_pause=exit_on_pause)

    raise typer.Exit(run(place, command, started.farewell))


async def _made(session: Session, name: str, message: str | None, started: Started) -> Object:
    """The new Update. Raises ``CliError``, with code REJECTED if there is nothing to retry."""
    raw = await which(session, name)
    update = as_update(raw)
    job = as_job(await session.job(update.spec.job))
    found = retry_of(update, job, raw["spec"].get("policy"), message)
    if isinstance(found, Refused):
        raise CliError(found.why, found.hint, Exit.REJECTED)
    started.creating(update.spec.job)
    made = await session.create(UPDATES, found.body)
    _tell(made, found)
    return made


def _tell(made: Object, found: Retry) -> None:
    target = made["spec"].get("revision")
    where = f" to {target}" if target else ", each at its own revision"
    console().print(
        f"update.echelon.dev/{made['metadata']['name']} created: "
        f"instance{'' if len(found.instances) == 1 else 's'} {ids(str(found.instances))}{where}"
    )
    if found.missing:
        rest = plural(found.missing, "failed instance")
        note(f"  {rest} more: only the newest failures are kept; `echelon job retry` tries all")
