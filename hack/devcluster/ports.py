"""Free TCP ports of 127.0.0.1, and whether a server listens on a port."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack, suppress

# Below the kernel's range for outgoing connections. A connection could otherwise take a port
# between our choice and its use, or while its server restarts.
_RANGE = range(20000, 32000)
#: Sockets whose names reserve the chosen ports. No server listens on a chosen port yet, so without
#: them another process could choose it, too.
_OURS: list[socket.socket] = []


def free(count: int) -> list[int]:
    """``count`` ports without a server, reserved until this process ends."""
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
    """Raises OSError if another call of `free`, in any process, has reserved this port."""
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
