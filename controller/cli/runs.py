"""Runs of Cron and Adhoc Jobs, as commands read, make and end them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Final

from controller.api.job import Job
from controller.api.kinds import JOBS
from controller.api.labels import GATE, JOB
from controller.cli.exits import CliError, Exit
from controller.cli.explained import explained
from controller.cli.follow import follow
from controller.cli.keys import job_key
from controller.cli.objects import as_job
from controller.cli.output import note
from controller.cli.session import Object, Session
from controller.core.model.conditions import READY, RECONCILING, STALLED, find_true
from controller.escapes import clean
from controller.kube.errors import ApiError, NotFound
from controller.kube.resources import BATCH_JOBS, CRON_JOBS

#: Seconds between two looks at a run that is going.
_EVERY: Final = 0.5


def whole_job(name: str) -> str:
    """The name of a Job, of which no single instances may be named. Raises ``CliError``."""
    key = job_key(name)
    if key.instances is not None:
        raise CliError(
            f"{name} names instances: a run is of all of them", f"name {key.name} alone", Exit.USAGE
        )
    return key.name


async def job_with_runs(session: Session, name: str) -> Job:
    """The Job. Raises ``CliError`` if it is a Service."""
    job = as_job(await session.job(name))
    if not job.spec.has_runs:
        raise CliError(
            f"Job {name} is a Service: it has no runs",
            f"`echelon job restart {name}` replaces its instances, `echelon job delete {name}` "
            "ends them",
            Exit.USAGE,
        )
    return job


def with_instances(job: Job) -> Job:
    """The Job. Raises ``CliError`` if it has runs, whose pods are named by Kubernetes."""
    if not job.spec.has_runs:
        return job
    name = job.metadata.name
    last = job.status.last_run
    label = f"job-name={last.name}" if last else f"{JOB}={name}"
    where = f"-l {label} -n {job.metadata.namespace}"
    raise CliError(
        f"Job {name} is of type {job.spec.type}: its pods are those of its runs",
        f"`kubectl get pods {where}` lists them, `kubectl logs --prefix {where}` shows their logs",
        Exit.USAGE,
    )


async def cron_job(session: Session, name: str) -> Job:
    """The Job. Raises ``CliError`` if it is not of type Cron."""
    job = as_job(await session.job(name))
    if job.spec.cron is None:
        raise CliError(
            f"Job {name} is of type {job.spec.type}: it has no schedule",
            "`echelon cron` is for Jobs of type Cron",
            Exit.USAGE,
        )
    return job


async def active_runs(session: Session, job: Job) -> list[Object]:
    """The runs of a Job that have not ended, by itself or by its CronJob."""
    owners = {job.metadata.uid}
    if job.spec.cron is not None:
        try:
            owners.add((await session.get(CRON_JOBS, job.metadata.name))["metadata"]["uid"])
        except CliError as error:
            if not isinstance(error.__cause__, NotFound):
                raise
    found = await session.list(BATCH_JOBS, f"{JOB}={job.metadata.name},!{GATE}")
    return [run for run in found if _is_active(run) and _owner(run) in owners]


def _owner(run: Object) -> str:
    owners = run["metadata"].get("ownerReferences") or ()
    return next((str(o["uid"]) for o in owners if o.get("controller")), "")


def _is_active(run: Object) -> bool:
    conditions = (run.get("status") or {}).get("conditions") or ()
    return not any(
        c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in conditions
    )


async def end(session: Session, run: Object, seconds: float | None) -> None:
    """Delete a run in the foreground: it is gone when its pods are. ``seconds``: how long to wait
    for that at most; 0: do not wait. Raises ``CliError``."""
    name, uid = run["metadata"]["name"], run["metadata"]["uid"]
    try:
        await session.client.delete(
            BATCH_JOBS, session.namespace, name, uid=uid, propagation="Foreground"
        )
    except NotFound:
        return
    except ApiError as error:
        raise explained(error, "delete", BATCH_JOBS, name, session.namespace) from error
    if seconds == 0:
        return
    try:
        async with asyncio.timeout(seconds):
            while await _exists(session, name, uid):  # noqa: ASYNC110 (no event tells of it)
                await asyncio.sleep(_EVERY)
    except TimeoutError:
        raise CliError(
            f"run {name} is still being deleted: its pods have not ended",
            f"`kubectl get pods -l job-name={name} -n {session.namespace}` shows them",
            Exit.TIMEOUT,
        ) from None


async def _exists(session: Session, name: str, uid: str) -> bool:
    try:
        found = await session.get(BATCH_JOBS, name)
    except CliError as error:
        if isinstance(error.__cause__, NotFound):
            return False
        raise
    return bool(found["metadata"]["uid"] == uid)


async def until_settled(session: Session, stored: Object, seconds: float | None) -> Exit:
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
