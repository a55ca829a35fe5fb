"""What the probe of a container that did not get ready was answered. Only Events have that, for as
long as the API server keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from controller.api.progress import Failure
from controller.api.update import Update
from controller.kube.errors import ApiError
from controller.ui.access import Rights
from controller.ui.events import EventRow, event_rows
from controller.ui.site import Site

UNHEALTHY: Final = "Unhealthy"
#: How messages name an instance whose probe does not pass.
_NAMED: Final = re.compile(rf"\binstance (\d+)(?: failed)?: {UNHEALTHY}\b")
#: Instances of which Events are read.
MAX_INSTANCES: Final = 5
#: Seconds by which the clocks of a node and of the operator may differ.
_SLACK: Final = 1.0

#: The Events of the pods of instances.
Rows = Mapping[int, Sequence[EventRow]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the probe of an instance was answered last. ``time``: epoch seconds."""

    instance: int
    message: str
    time: float


def named(text: str) -> int | None:
    """The instance whose probe does not pass according to a message."""
    found = _NAMED.search(text)
    return int(found[1]) if found else None


async def read(site: Site, update: Update | None, sight: Rights) -> Rows:
    """The Events of the instances of an Update whose probes did not pass. Nothing without the right
    to list Events, or if they cannot be read: then the failure is all that is known."""
    if update is None or not sight.events:
        return {}
    wanted = [f.instance for f in update.status.failures if f.reason == UNHEALTHY]
    if (waits := named(update.status.message)) is not None:
        wanted.insert(0, waits)
    try:
        return {
            instance: await _events(site, update, instance)
            for instance in list(dict.fromkeys(wanted))[:MAX_INSTANCES]
        }
    except ApiError:
        return {}


async def _events(site: Site, update: Update, instance: int) -> list[EventRow]:
    namespace, pod = update.metadata.namespace, f"{update.spec.job}-{instance}"
    policy, found = update.status.policy, []
    surges = policy is not None and policy.replacement == "Surge"
    for name in (pod, f"{pod}-s") if surges else (pod,):
        found += await site.reads.events(namespace, "Pod", name)
    return event_rows(found)


def answer(update: Update, rows: Rows, now: float) -> Answer | None:
    """The answer that explains the message of an Update."""
    turn, status = update.status.turn, update.status
    instance = named(status.message)
    if instance is None and turn is not None:
        instance = named(turn.message)
    if instance is None:
        return None
    failure = max(
        (each for each in status.failures if each.instance == instance),
        key=lambda each: each.time,
        default=None,
    )
    end = now if failure is None or status.finished_at is None else failure.time
    return _last(rows.get(instance, ()), instance, status.started_at or 0.0, end)


def answers(update: Update, rows: Rows) -> dict[tuple[int, int], str]:
    """The answers behind the failures of an Update: (instance, attempt) -> message."""
    found, failures = {}, update.status.failures
    for each in failures:
        if each.reason == UNHEALTHY:
            begin = max([update.status.started_at or 0.0, *_before(each, failures)])
            last = _last(rows.get(each.instance, ()), each.instance, begin, each.time)
            if last:
                found[each.instance, each.attempt] = last.message
    return found


def _before(failure: Failure, failures: Iterable[Failure]) -> Iterable[float]:
    """When the instance had failed before."""
    return (
        each.time
        for each in failures
        if each.instance == failure.instance and each.time < failure.time
    )


def _last(rows: Iterable[EventRow], instance: int, begin: float, end: float) -> Answer | None:
    """The newest answer of a probe in a time. ``rows``: newest first."""
    for row in rows:
        if row.reason == UNHEALTHY and begin <= row.time <= end + _SLACK:
            return Answer(instance, row.message, row.time)
    return None
