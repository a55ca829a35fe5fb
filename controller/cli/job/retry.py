"""``echelon job retry``."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from controller.api.job import Job
from controller.api.kinds import JOBS
from controller.api.policy import Mode
from controller.cli import arguments, options, owners
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
from controller.cli.exits import CliError, Exit
from controller.cli.keys import job_key
from controller.cli.objects import as_job
from controller.cli.output import note
from controller.cli.runs import until_settled
from controller.cli.session import Object, Place, Session, run
from controller.cli.starting import begun, create, explain, made_by_operator, made_soon
from controller.core.model import assigned
from controller.view.configurations import present, present_of, revision_of


def retry(
    name: arguments.JobName,
    update: Annotated[
        bool,
        typer.Option(
            "--update", help="Leave the Job as it is: create an Update with force instead."
        ),
    ] = False,
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
    """Try the present template again, even if it failed.

    A Job in mode Automatic gets a new spec.update.retryToken, and the operator starts the Update;
    for one in mode Manual, and with --update, an Update with force is created. `echelon update
    retry` tries only the instances that failed. An Adhoc Job runs again.

    Exit codes: 0 started, or with --wait or --watch rolled forward; 3 rolled back; 4 failed;
    5 aborted or superseded; 6 rejected; 7 timeout; 8 paused by the operator, with --exit-on-pause;
    130 interrupted: the Update goes on.
    """
    key = job_key(name)
    if key.instances is not None:
        raise CliError(
            f"{name} names instances: a retry is for a whole Job",
            f"`echelon update start {name} --force` goes to the present template for these alone",
            Exit.USAGE,
        )
    after = after_of(watch=watch, wait=wait, detach=detach, default=After.DETACH)
    place = Place(kubeconfig, context, namespace)
    started = Started()

    async def command(session: Session) -> Exit:
        begun_at = time.monotonic()
        raw = await session.job(key.name)
        job = as_job(raw)
        if job.spec.has_runs:
            return await _run_again(session, raw, started, timeout, wait=after is not After.DETACH)
        check_free(raw)
        _check(job, session.namespace)
        if update or job.spec.update.mode is Mode.MANUAL:
            started.creating(key.name)
            started.update = await create(session, key.name, "retry", force=True, message=message)
            print(f"update.echelon.dev/{started.update} created", flush=True)
        else:
            made = made_soon if after is After.DETACH else made_by_operator
            found = await made(session, *await _with_token(session, raw, job, started), timeout)
            if found is None:
                if message:
                    note("the message (-m) is kept nowhere: the Update is not there yet")
                return Exit.DONE
            started.update = found
            print(f"update.echelon.dev/{started.update} started", flush=True)
            if message:
                await explain(session, started.update, message)
        left = timeout and max(0.0, timeout - (time.monotonic() - begun_at))
        return await follow_up(session, started.update, after, left, exit_on_pause=exit_on_pause)

    raise typer.Exit(run(place, command, started.farewell))


async def _run_again(
    session: Session, raw: Object, started: Started, seconds: float | None, *, wait: bool
) -> Exit:
    """Let an Adhoc Job run again. Raises ``CliError`` for one of type Cron."""
    job = as_job(raw)
    name = job.metadata.name
    if job.spec.cron is not None:
        raise CliError(
            f"Job {name} is of type Cron: its runs start by its schedule",
            f"`echelon cron start {name} -n {session.namespace}` starts one now",
            Exit.USAGE,
        )
    stored = await _change_token(session, raw, job, started, f"echelon job status {name}")
    return await until_settled(session, stored, seconds) if wait else Exit.DONE


def _check(job: Job, namespace: str) -> None:
    """Raises ``CliError`` if there is nothing to retry."""
    name, status = job.metadata.name, job.status
    everywhere = set(assigned.read(status.assigned)) <= {revision_of(name, present_of(job))}
    if everywhere and status.available_instances == status.instances_in_force:
        raise CliError(
            f"nothing to retry: all instances of Job {name} run its present template",
            f"`echelon job restart {name} -n {namespace}` replaces them all the same",
            Exit.REJECTED,
        )


async def _with_token(
    session: Session, raw: Object, job: Job, started: Started
) -> tuple[Object, str, frozenset[str]]:
    """Change the token. Returns the Job as stored, the revision of its template, and the Updates
    that had begun before (their uids)."""
    known = begun(await session.updates_of(job.metadata.name))
    then = f"echelon update watch {job.metadata.name}"
    stored = await _change_token(session, raw, job, started, then)
    return stored, revision_of(job.metadata.name, present(stored["spec"])), known


async def _change_token(
    session: Session, raw: Object, job: Job, started: Started, then: str
) -> Object:
    """Change the token, and return the Job as stored. ``then``: the command that shows what comes
    of it."""
    name = job.metadata.name
    others = owners.programs(raw, "spec", "update") or owners.programs(raw, "spec", "template")
    if others:
        instead = "" if job.spec.has_runs else ", or use `--update`"
        note(
            f"{', '.join(map(owners.called, others))} owns the spec of Job {name} and may take "
            f"spec.update.retryToken back; set it there, too{instead}"
        )
    token = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    body = {"metadata": {"uid": job.metadata.uid}, "spec": {"update": {"retryToken": token}}}
    started.writing(f"Job {name} is changed", then)
    stored = await session.patch(JOBS, name, body)
    started.wrote()
    print(f"echelonjob.echelon.dev/{name} patched", flush=True)
    return stored
