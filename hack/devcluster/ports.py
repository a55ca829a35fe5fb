"""Free TCP ports of 127.0.0.1, and whether somebody answers at one."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack, suppress

# Below the range from which the kernel gives ports to outgoing connections, one of which could
# otherwise take a port between our choice and its use (or while its server is restarted).
_RANGE = range(20000, 32000)


def free(count: int) -> list[int]:
    """So many different ports that nobody listens at now."""
    chosen: list[int] = []
    with ExitStack() as held:
        for port in random.sample(_RANGE, len(_RANGE)):
            candidate = held.enter_context(socket.socket())
            with suppress(OSError):
                candidate.bind(("127.0.0.1", port))
                chosen.append(port)
            if len(chosen) == count:
                return chosen
    raise OSError("no free port on 127.0.0.1")


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
