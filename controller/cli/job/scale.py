"""``echelon job scale``."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from controller.api.job import MAX_INSTANCES
from controller.api.kinds import JOBS
from controller.cli import arguments, options, owners
from controller.cli.exits import CliError, Exit
from controller.cli.keys import job_key
from controller.cli.output import note
from controller.cli.ready import until_ready
from controller.cli.session import Object, Place, Session, run
from controller.kube.errors import Conflict

#: How often the write is repeated because the Job changed in between: each report changes it.
_TRIES: Final = 20


def scale(
    name: arguments.JobName,
    count: Annotated[
        int | None,
        typer.Argument(metavar="N", help="How many instances.", show_default=False),
    ] = None,
    replicas: Annotated[
        int | None, typer.Option("--replicas", help="N, as kubectl has it.", show_default=False)
    ] = None,
    current: Annotated[
        int | None,
        typer.Option("--current-replicas", help="Only if it has so many now.", show_default=False),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until so many instances are available.")
    ] = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Set how many instances a Job has. That needs no Update and works also during one.

    New instances start at once at the Job's current revision; the highest ids go first.

    Exit codes: 0 scaled; 4 the Job needs a person, with --wait; 6 rejected; 7 timeout;
    130 interrupted: the Job goes on.
    """
    key = job_key(name)
    if key.instances is not None:
        raise CliError(
            f"{name} names instances: a scale is for a whole Job",
            f"`echelon job scale {key.name} N`; the highest ids go first",
            Exit.USAGE,
        )
    wanted = _wanted(count, replicas)

    async def command(session: Session) -> Exit:
        before, stored = await _scaled(session, key.name, wanted, current)
        return await until_ready(session, stored, timeout, before) if wait else Exit.DONE

    hint = f"the Job goes on; `echelon job status {key.name}` shows it"
    raise typer.Exit(run(Place(kubeconfig, context, namespace), command, hint))


def _wanted(count: int | None, replicas: int | None) -> int:
    given = [each for each in (count, replicas) if each is not None]
    if len(given) != 1:
        words = "the number is given twice" if given else "how many instances?"
        raise CliError(words, "`echelon job scale NAME N`", Exit.USAGE)
    if not 0 <= given[0] <= MAX_INSTANCES:
        raise CliError(f"{given[0]} instances: from 0 to {MAX_INSTANCES}", code=Exit.USAGE)
    return given[0]


async def _scaled(
    session: Session, name: str, wanted: int, current: int | None
) -> tuple[Object, Object]:
    """Write the number. Returns the Job as it was before, and as stored."""
    for _ in range(_TRIES):
        job = await session.job(name)
        has = int(job["spec"].get("instances", 1))
        if current is not None and has != current:
            raise CliError(
                f"Job {name} has {has} instances, not {current}: nothing was changed",
                f"`echelon job scale {name} {wanted} --current-replicas {has}`",
            )
        body: Object = {"spec": {"replicas": wanted}}
        if current is not None:
            body["metadata"] = {"resourceVersion": job["metadata"]["resourceVersion"]}
        if await _is_patched(session, name, body):
            print(f"echelonjob.echelon.dev/{name} scaled", flush=True)
            _tell(job, has, wanted)
            return job, await session.job(name)
    raise CliError(f"Job {name} changed {_TRIES} times meanwhile", "repeat the command")


async def _is_patched(session: Session, name: str, body: Object) -> bool:
    """Write the number. Returns False if the Job is not the version that was looked at any more."""
    try:
        await session.patch(JOBS, name, body, subresource="scale")
    except CliError as error:
        if isinstance(error.__cause__, Conflict) and "metadata" in body:
            return False
        raise
    return True


def _tell(job: Object, has: int, wanted: int) -> None:
    note(f"  from {has} to {wanted} instances" if has != wanted else f"  it has {has} already")
    for manager in owners.programs(job, "spec", "instances"):
        note(f"  {owners.called(manager)} has set spec.instances and may set it again")
