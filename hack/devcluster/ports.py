"""Free TCP ports of 127.0.0.1, and whether somebody answers at one."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack, suppress

# Below the range from which the kernel gives ports to outgoing connections, one of which could
# otherwise take a port between our choice and its use (or while its server is restarted).
_RANGE = range(20000, 32000)
#: Sockets whose names say which ports are ours: nobody listens yet at those that were just chosen,
#: so another process would choose them too.
_OURS: list[socket.socket] = []


def free(count: int) -> list[int]:
    """So many ports that nobody listens at now, and that stay ours until this process ends."""
    chosen: list[int] = []
    with ExitStack() as held:
        for port in random.sample(_RANGE, len(_RANGE)):
            candidate = held.enter_context(socket.socket())
            with suppress(OSError):
                candidate.bind(("127.0.0.1", port))
                _reserve(port)
                chosen.append(port)
            if len(chosen) == count:
                return chosen
    raise OSError("no free port on 127.0.0.1")


def _reserve(port: int) -> None:
    """Raises OSError if another call of `free`, of any process, has chosen this port."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0devcluster-port-{port}")
    except OSError:
        name.close()
        raise
    _OURS.append(name)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
