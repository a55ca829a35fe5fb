"""The lines of a container's log, as they come, with the time of each."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from controller.kube.client import Client
from controller.kube.request import Request
from controller.kube.resources import PODS, query_string

_TIME: Final = re.compile(
    r"(?P<seconds>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)"
    r"(?:\.(?P<nanos>\d{1,9}))?(?P<zone>Z|[+-]\d\d:\d\d) ?"
)


@dataclass(frozen=True, order=True, slots=True)
class Stamp:
    """When a line was written: whole epoch seconds, and nanoseconds."""

    seconds: int
    nanos: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """``stamp``: None if the node gave no time. ``text``: without the end of the line."""

    stamp: Stamp | None
    text: bytes


async def lines(
    client: Client,
    namespace: str,
    pod: str,
    container: str,
    *,
    follow: bool = False,
    previous: bool = False,
    tail: int | None = None,
    since_seconds: int | None = None,
    after: Stamp | None = None,
) -> AsyncGenerator[Line]:
    """The lines of a log. ``follow``: until the container ends or the connection breaks.
    ``previous``: of the container that ran before the present one. Only the last ``tail`` lines,
    only those of the last ``since_seconds``, only those after ``after``.

    Raises ``ApiError``: ``NotFound`` if the pod is gone, ``BadRequest`` if the container has not
    started, ``Unreachable`` if the connection breaks or nothing comes for more than a minute.
    """
    query = query_string(
        container=container,
        timestamps="true",
        follow="true" if follow else None,
        previous="true" if previous else None,
        tailLines=None if tail is None else str(tail),
        sinceSeconds=None if since_seconds is None else str(since_seconds),
        # It has whole seconds only: the lines of that second are left out below.
        sinceTime=None if after is None else _written(after),
    )
    path = PODS.path(namespace, pod, "log") + query
    request = Request("get", "pods/log", "GET", path, "*/*")
    async with aclosing(client.stream(request)) as chunks:
        async for raw in _split(chunks):
            line = read(raw)
            if after is None or line.stamp is None or line.stamp > after:
                yield line


def read(raw: bytes) -> Line:
    """The line without the time that the node has put before it."""
    head = raw[:40].decode("ascii", "replace")
    found = _TIME.match(head)
    if found is None:
        return Line(None, raw)
    zone = "+00:00" if found["zone"] == "Z" else found["zone"]
    moment = datetime.fromisoformat(f"{found['seconds']}{zone}")
    nanos = int((found["nanos"] or "0").ljust(9, "0"))
    return Line(Stamp(int(moment.timestamp()), nanos), raw[found.end() :])


def _written(stamp: Stamp) -> str:
    return datetime.fromtimestamp(stamp.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _split(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a stream, empty ones too, and the last one even if it has no end."""
    pending = b""
    async for chunk in chunks:
        *whole, pending = (pending + chunk).split(b"\n")
        for line in whole:
            yield line
    if pending:
        yield pending
