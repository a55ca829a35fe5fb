"""Updates that have ended and are deleted: their Job remembers how the last of them ended.

With `updateHistoryLimit: 0` the operator deletes an Update as soon as it has ended, perhaps before
anybody has read how.
"""

from __future__ import annotations

from controller.api.job import LastAttempt
from controller.api.kinds import JOBS, UPDATES
from controller.api.progress import TERMINAL, Phase
from controller.cli.exits import CliError
from controller.cli.objects import as_job
from controller.cli.session import Object, Session
from controller.view.updates import REMEMBERED


async def end_of(session: Session, last: Object) -> Object | None:
    """The version of a deleted Update in which it had ended; ``last``: the newest that was read.
    None if it had not ended, if it was aborted, or if its Job does not tell."""
    if (last.get("status") or {}).get("phase") in {str(each) for each in TERMINAL}:
        return None
    try:
        job = await session.job(str(last["spec"]["job"]))
        attempt = as_job(job).status.last_attempt
    except CliError:
        return None
    if attempt is None or attempt.update_uid != last["metadata"]["uid"]:
        return None
    if attempt.outcome == Phase.ABORTED:
        # That may be what its deletion did; either way it ended there, and by a person.
        return None
    return _ended(job, attempt, last)


async def named(session: Session, name: str) -> Object | None:
    """The Update of this name, as its Job remembers it; None if no Job does."""
    try:
        found = [last_of(each) for each in await session.list(JOBS)]
    except CliError:
        return None
    return next((each for each in found if each and each["metadata"]["name"] == name), None)


def last_of(job: Object) -> Object | None:
    """The last Update of a Job, as the Job remembers it; None if it had none, or it moves. Raises
    ``CliError`` if a newer Echelon wrote the Job."""
    attempt = as_job(job).status.last_attempt
    if attempt is None or attempt.update is None:
        return None
    metadata = {
        "name": attempt.update,
        "namespace": job["metadata"]["namespace"],
        "uid": attempt.update_uid or "",
    }
    return _ended(job, attempt, {"metadata": metadata, "spec": {"job": job["metadata"]["name"]}})


def _ended(job: Object, attempt: LastAttempt, last: Object) -> Object | None:
    if attempt.outcome is None:
        return None
    gone = f"the Update itself is deleted (updateHistoryLimit of Job {job['metadata']['name']})"
    message = "; ".join(filter(None, [attempt.message, gone]))
    kind = {"apiVersion": UPDATES.api_version, "kind": UPDATES.kind}
    status = (last.get("status") or {}) | {"phase": attempt.outcome, "message": message}
    # A version of its own: who follows the Update has not seen it.
    metadata = last["metadata"] | {"resourceVersion": REMEMBERED}
    return kind | last | {"metadata": metadata, "status": status}
