"""The end of what a container has logged."""

from __future__ import annotations

from urllib.parse import urlencode

from controller.kube.client import Client
from controller.kube.resources import PODS
from controller.kube.transport import Request

#: A limit in bytes is one from the start of what is asked for, so more is read than is given.
_READ = 64 * 1024


async def tail(
    client: Client, namespace: str, pod: str, container: str, *, lines: int, most_bytes: int
) -> str:
    """The last ``lines``, and of them the last ``most_bytes``. Raises ``ApiError``: ``NotFound``
    when the pod is gone, ``BadRequest`` when the container has not started."""
    query = urlencode({"container": container, "tailLines": lines, "limitBytes": _READ})
    path = f"{PODS.path(namespace, pod, 'log')}?{query}"
    answer = await client.raw(Request("get", "pods/log", "GET", path, "*/*"))
    return answer[-most_bytes:].decode(errors="replace")
