"""Reads the end of a container's log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.kube.client import Client
from controller.kube.request import Request
from controller.kube.resources import PODS, query_string

#: The API server applies its byte limit from the start of the requested lines, so more is read than
#: is returned: so many times as much, and at least so many bytes.
_TIMES: Final = 16
_LEAST: Final = 64 * 1024
#: By how many the number of lines is divided if they are longer than that.
_FEWER: Final = 8


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a log. ``is_cut``: it is less than the lines that were asked for."""

    text: str
    is_cut: bool


async def tail(
    client: Client,
    namespace: str,
    pod: str,
    container: str,
    *,
    lines: int,
    most_bytes: int,
    previous: bool = False,
) -> Tail:
    """The last ``lines`` lines of the log, and of these the last that have at most ``most_bytes``
    bytes. ``previous``: of the container that ran before the present one.

    Raises ``ApiError``: ``NotFound`` if the pod is gone, ``BadRequest`` if the container has not
    started.
    """
    limit, asked = max(_LEAST, _TIMES * most_bytes), lines
    while True:
        query = query_string(
            container=container,
            tailLines=str(asked),
            limitBytes=str(limit),
            previous="true" if previous else None,
        )
        path = PODS.path(namespace, pod, "log") + query
        answer = await client.raw(Request("get", "pods/log", "GET", path, "*/*"))
        if len(answer) < limit or asked == 1:
            break
        # The end of these lines was not read.
        asked = max(1, asked // _FEWER)
    is_cut = asked < lines or len(answer) > most_bytes or len(answer) >= limit
    return Tail(_last(answer, most_bytes).decode(errors="replace"), is_cut)


def _last(data: bytes, most: int) -> bytes:
    """The last bytes, without the rest of a line before them unless that is most of them."""
    end = data[-most:]
    rest, _, whole = end.partition(b"\n")
    is_in_a_line = len(data) > most and data[-most - 1 : -most] != b"\n"
    return whole if is_in_a_line and len(rest) < most // 2 else end
