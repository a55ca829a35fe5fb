"""What the commands of ``echelon sla`` read."""

from __future__ import annotations

import asyncio
import time

from controller.cli.exits import CliError
from controller.cli.keys import JobKey
from controller.cli.objects import as_job
from controller.cli.output import note
from controller.cli.session import Session
from controller.view.uptime import ids_of, uptimes_of


async def uptimes(session: Session, key: JobKey) -> list[float]:
    """The uptimes of the instances that the key names in seconds, the shortest first. Without
    instances, a note says so. Raises ``CliError`` if it names an instance that does not exist."""
    raw, pods = await asyncio.gather(session.job(key.name), session.pods_of(key.name))
    job = as_job(raw)
    known = ids_of(job)
    if key.instances is not None and (missing := key.instances - known):
        has = f"its instances are {known}" if known else "it has no instances"
        raise CliError(f"Job {key.name} has no instances {missing}", has)
    if not known:
        note(f"Job {key.name} has no instances.")
    ids = known if key.instances is None else key.instances
    return uptimes_of(job, ids, pods, time.time())
