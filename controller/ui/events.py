"""Kubernetes Events as rows, and what became of the containers of a pod."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.api.meta import parse_time

Object = dict[str, Any]
#: Events that are shown of one object.
MAX_EVENTS: Final = 50


@dataclass(frozen=True, slots=True)
class EventRow:
    """``time``: epoch seconds of the last occurrence; ``count``: how often it occurred. ``uid``: of
    the object that it is about, "" if the Event does not say it."""

    time: float
    is_warning: bool
    reason: str
    message: str
    count: int
    source: str
    uid: str = ""


def event_rows(events: Iterable[Object]) -> list[EventRow]:
    """Events as read from events.k8s.io/v1, newest first."""
    found = [_row(each) for each in events]
    return sorted(found, key=lambda row: -row.time)[:MAX_EVENTS]


def _row(event: Object) -> EventRow:
    series: Mapping[str, Any] = event.get("series") or {}
    stamps = (
        series.get("lastObservedTime"),
        event.get("deprecatedLastTimestamp"),
        event.get("eventTime"),
        event["metadata"].get("creationTimestamp"),
    )
    source = event.get("reportingController") or ""
    component = (event.get("deprecatedSource") or {}).get("component")
    return EventRow(
        time=next((parse_time(stamp) for stamp in stamps if stamp), 0.0),
        is_warning=event.get("type") == "Warning",
        reason=event.get("reason") or "",
        message=event.get("note") or "",
        count=int(series.get("count") or event.get("deprecatedCount") or 1),
        source=source or component or "",
        uid=(event.get("regarding") or {}).get("uid") or "",
    )


def by_object(rows: Iterable[EventRow]) -> dict[str, list[EventRow]]:
    """Rows by the uid of the object that they are about. Pods of one instance have one name, one
    after the other. ``rows``: newest first; so is the result."""
    found: dict[str, list[EventRow]] = {}
    for row in rows:
        found.setdefault(row.uid, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a container that ended. Times are epoch seconds, 0 if not known."""

    exit_code: int
    reason: str
    message: str
    started: float
    ended: float


@dataclass(frozen=True, slots=True)
class ContainerRow:
    """A container of a pod. ``state``: such as ``Running`` or ``Waiting: CrashLoopBackOff``;
    ``message``: what the kubelet says to it. ``last``: the run before the present one."""

    name: str
    image: str
    init: bool
    ready: bool
    restarts: int
    state: str
    message: str
    since: float
    last: Run | None


def container_rows(pod: Object) -> list[ContainerRow]:
    """The containers of a pod as read from the API server, init containers first."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    found = []
    for field, key, init in (
        ("initContainers", "initContainerStatuses", True),
        ("containers", "containerStatuses", False),
    ):
        known = {each["name"]: each for each in status.get(key) or ()}
        for each in spec.get(field) or ():
            found.append(_container(each, known.get(each["name"], {}), init))
    return found


def _container(spec: Object, status: Object, init: bool) -> ContainerRow:
    state: Mapping[str, Any] = status.get("state") or {}
    running, ended = state.get("running"), state.get("terminated")
    waiting = state.get("waiting") or {}
    if running is not None:
        word, message, since = "Running", "", _time(running.get("startedAt"))
    elif ended is not None:
        run = _run(ended)
        word = f"Ended: {run.reason or 'exit code'} {run.exit_code}"
        message, since = run.message, run.ended
    else:
        reason = waiting.get("reason") or ""
        word, message, since = f"Waiting: {reason}".rstrip(": "), waiting.get("message") or "", 0.0
    last = (status.get("lastState") or {}).get("terminated")
    return ContainerRow(
        name=spec["name"],
        image=spec.get("image") or "",
        init=init,
        ready=bool(status.get("ready")),
        restarts=int(status.get("restartCount") or 0),
        state=word,
        message=message,
        since=since,
        last=_run(last) if last else None,
    )


def _run(ended: Mapping[str, Any]) -> Run:
    return Run(
        exit_code=int(ended.get("exitCode") or 0),
        reason=ended.get("reason") or "",
        message=ended.get("message") or "",
        started=_time(ended.get("startedAt")),
        ended=_time(ended.get("finishedAt")),
    )


def _time(stamp: str | None) -> float:
    return parse_time(stamp) if stamp else 0.0
