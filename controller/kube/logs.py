"""Reads the end of a container's log."""

from __future__ import annotations

from urllib.parse import urlencode

from controller.kube.client import Client
from controller.kube.request import Request
from controller.kube.resources import PODS

#: Bytes to read. The API server applies its byte limit from the start of the requested lines, so
#: more is read than is returned.
_READ = 64 * 1024


async def tail(
    client: Client,
    namespace: str,
    pod: str,
    container: str,
    *,
    lines: int,
    most_bytes: int,
    previous: bool = False,
) -> str:
    """The last ``lines`` lines of the log, and of these at most the last ``most_bytes`` bytes.
    ``previous``: of the container that ran before the present one.

    Raises ``ApiError``: ``NotFound`` if the pod is gone, ``BadRequest`` if the container has not
    started.
    """
    wanted = {"container": container, "tailLines": lines, "limitBytes": _READ}
    query = urlencode(wanted | ({"previous": "true"} if previous else {}))
    path = f"{PODS.path(namespace, pod, 'log')}?{query}"
    answer = await client.raw(Request("get", "pods/log", "GET", path, "*/*"))
    return answer[-most_bytes:].decode(errors="replace")
