"""Whether the other end of a connection on this machine belongs to our user.

The page of `echelon ui` acts with the user's own kubeconfig and needs no password, so other users
of the same machine must not get it. Linux lists the sockets of a network namespace with their user
in /proc/net/tcp. Where there is no such list nobody is refused.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

_TABLE: Final = Path("/proc/net/tcp")
_ROOT: Final = 0
#: The answers for open connections: the list is read once for each.
_known: Final[WeakKeyDictionary[asyncio.Transport, bool]] = WeakKeyDictionary()


def is_ours(transport: asyncio.Transport) -> bool:
    """False if the other end belongs to another user (root is none)."""
    if transport not in _known:
        user = _user(transport)
        _known[transport] = user is None or user in (_ROOT, os.getuid())
    return _known[transport]


def _user(transport: asyncio.Transport) -> int | None:
    """The uid of the other end; None if that cannot be found out."""
    theirs, ours = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    if not theirs or not ours or len(theirs) != 2 or not _TABLE.exists():
        return None
    with _TABLE.open(encoding="ascii") as table:
        return user_of(table, theirs, ours)


def user_of(table: Iterable[str], local: tuple[str, int], remote: tuple[str, int]) -> int | None:
    """The uid of the socket between two IPv4 addresses, as its own end has them; None if the table
    does not list it."""
    wanted = (written(local), written(remote))
    for line in table:
        fields = line.split()
        if tuple(fields[1:3]) == wanted:
            return int(fields[7])
    return None


def written(address: tuple[str, int]) -> str:
    """An address as the table has it: the IPv4 address as one number of this machine, then the
    port, in hexadecimal digits."""
    (number,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return f"{number:08X}:{address[1]:04X}"
