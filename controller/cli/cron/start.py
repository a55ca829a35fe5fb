"""``echelon cron start``."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final

import typer

from controller.api.job import Job
from controller.cli import arguments, options
from controller.cli.exits import CliError, Exit
from controller.cli.runs import active_runs, cron_job, end, whole_job
from controller.cli.session import Object, Place, Session, run
from controller.kube.resources import BATCH_JOBS, CRON_JOBS

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def start(
    name: arguments.JobName,
    kill: Annotated[
        bool,
        typer.Option("--kill", help="End an active run first, whatever collisionPolicy says."),
    ] = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Start a run now, whatever the schedule says.

    That works also while the Job is suspended. An active run is ended first if `collisionPolicy` is
    KillExisting; with CancelNew nothing is started beside it. The new run is in the way of the next
    scheduled one like any other.

    Exit codes: 0 started; 6 rejected: a run is active; 7 timeout: the active run's pods have not
    ended.
    """
    key = whole_job(name)

    async def command(session: Session) -> None:
        job = await cron_job(session, key)
        template = await session.get(CRON_JOBS, key)
        for active in await active_runs(session, job):
            if not (kill or job.spec.kills_existing):
                raise _is_active(key, active)
            await end(session, active, timeout)
        made = await session.create(BATCH_JOBS, _run(job, template))
        print(f"job.batch/{made['metadata']['name']} created", flush=True)

    hint = f"`echelon cron show {key}` shows the last run"
    run(Place(kubeconfig, context, namespace), command, hint)


def _is_active(name: str, active: Object) -> CliError:
    return CliError(
        f"run {active['metadata']['name']} is active, and collisionPolicy is CancelNew",
        f"wait for its end, or end it: `echelon cron start {name} --kill`",
        Exit.REJECTED,
    )


def _run(job: Job, cron: Object) -> dict[str, Any]:
    """A run as the CronJob would make it, and as `kubectl create job --from` does."""
    made, meta = cron["spec"]["jobTemplate"], cron["metadata"]
    given = made.get("metadata") or {}
    notes = {**(given.get("annotations") or {}), "cron.kubernetes.io/instantiate": "manual"}
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }
    metadata = {
        "name": f"{job.metadata.name}-m{_short(int(time.time()))}",
        "labels": given.get("labels") or {},
        "annotations": notes,
        "ownerReferences": [owner],
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": made["spec"]}


def _short(number: int) -> str:
    """A number with few characters: names of runs have room for 8."""
    found = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        found = _DIGITS[digit] + found
    return found
