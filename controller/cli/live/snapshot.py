"""All that one frame shows, gathered at one moment. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from controller.api.ids import NONE, Ids
from controller.api.job import Job
from controller.api.meta import parse_time
from controller.api.update import Update
from controller.cli.session import Object
from controller.core.model import assigned
from controller.view import instances as rows
from controller.view.instances import Instance
from controller.view.updates import is_over


@dataclass(frozen=True, slots=True)
class Happening:
    """An Event. ``time``: epoch seconds, of the last occurrence; ``about``: name of the object;
    ``count``: how often it occurred."""

    time: float
    about: str
    reason: str
    message: str
    is_warning: bool = False
    count: int = 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at the moment ``now``.

    ``pods``: those of the instances in ``read`` (None: of all). ``images``: of revisions, by name.
    ``last_words``: the end of the log of failed containers, by instance. ``events``: newest first.
    ``unseen``: kinds that could not be read for lack of rights. ``lost``: why there is no
    connection, "" if there is one. Times are epoch seconds.
    """

    update: Update
    now: float
    job: Job | None = None
    pods: tuple[Object, ...] = ()
    read: Ids | None = None
    images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    last_words: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    events: tuple[Happening, ...] = ()
    unseen: tuple[str, ...] = ()
    lost: str = ""


def in_flight(update: Update) -> Ids:
    """The instances that are being replaced now, in either direction."""
    if is_over(update):
        return NONE
    return update.status.instances.updating | update.status.instances.rolling_back


def flying(snapshot: Snapshot) -> list[Instance]:
    """A row for each instance in flight; those with something wrong first, then by id."""
    ids = in_flight(snapshot.update)
    if snapshot.read is not None:
        ids &= snapshot.read
    if snapshot.job is None or not ids:
        return []
    found: dict[int, Instance] = {}
    for row in rows.instances(_within(snapshot.job, ids), snapshot.pods, snapshot.now):
        if row.instance in ids:
            # In a surge the new pod is the one to look at. It is newer, so its row comes later.
            found[row.instance] = row
    return sorted(found.values(), key=lambda row: (not row.message, row.instance))


def _within(job: Job, ids: Ids) -> Job:
    """The Job with no other instances: without this, 10,000 rows are made in each frame."""
    parts = assigned.within(assigned.read(job.status.assigned), ids)
    status = job.status.model_copy(
        update={"assigned": assigned.write(parts), "instances_in_force": 0}
    )
    return job.model_copy(update={"status": status})


def happening(raw: Object) -> Happening:
    """An Event of ``events.k8s.io/v1``; the kubelet writes the fields of ``v1``, which are there
    with the prefix ``deprecated``."""
    series = raw.get("series") or {}
    stamps = (
        series.get("lastObservedTime"),
        raw.get("deprecatedLastTimestamp"),
        raw.get("eventTime"),
        raw["metadata"].get("creationTimestamp"),
    )
    stamp = next((each for each in stamps if each), None)
    return Happening(
        time=parse_time(stamp) if stamp else 0.0,
        about=(raw.get("regarding") or {}).get("name", ""),
        reason=raw.get("reason") or "",
        message=raw.get("note") or "",
        is_warning=raw.get("type") == "Warning",
        count=series.get("count") or raw.get("deprecatedCount") or 1,
    )


def newest(found: Iterable[Happening], count: int) -> tuple[Happening, ...]:
    """The newest Events first."""
    return tuple(sorted(found, key=lambda each: -each.time)[:count])
