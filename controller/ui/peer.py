"""Whether the other end of a connection on this machine belongs to our user.

The page of `echelon ui` acts with the user's own kubeconfig and needs no password, so other users
of the same machine must not get it. Linux lists the sockets of a network namespace with their users
in /proc/net/tcp, and in /proc/net/tcp6 those of IPv6, which can reach an IPv4 address too. A socket
that is not listed there is refused. Where there are no such lists nobody is refused.
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

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ROOT: Final = 0
#: The inode of a socket that no process has any more; it is listed with the uid 0.
_NO_INODE: Final = "0"
#: The answers for open connections: the lists are read once for each.
_known: Final[WeakKeyDictionary[asyncio.Transport, bool]] = WeakKeyDictionary()


def is_ours(transport: asyncio.Transport) -> bool:
    """Whether the other end belongs to our user, or to root."""
    if transport not in _known:
        theirs, ours = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        _known[transport] = belongs(theirs, ours)
    return _known[transport]


def belongs(theirs: tuple[str, int] | None, ours: tuple[str, int] | None) -> bool:
    """The same of the IPv4 addresses of both ends."""
    tables = [path for path in _TABLES if path.exists()]
    if not tables:
        return True
    if not theirs or not ours or len(theirs) != 2:
        return False
    for path in tables:
        with path.open(encoding="ascii") as table:
            user = user_of(table, theirs, ours)
        if user is not None:
            return user in (_ROOT, os.getuid())
    return False


def user_of(table: Iterable[str], local: tuple[str, int], remote: tuple[str, int]) -> int | None:
    """The uid of the socket between two IPv4 addresses, as its own end has them; None if the table
    does not list it, or only without a process."""
    wanted = [tuple(write(each) for each in (local, remote)) for write in (written, mapped)]
    for line in table:
        fields = line.split()
        if tuple(fields[1:3]) in wanted and fields[9] != _NO_INODE:
            return int(fields[7])
    return None


def written(address: tuple[str, int]) -> str:
    """An address as the table has it: the IPv4 address as one number of this machine, then the
    port, in hexadecimal digits."""
    return _hexadecimal(socket.inet_aton(address[0]), address[1])


def mapped(address: tuple[str, int]) -> str:
    """An IPv4 address as the table of IPv6 has it, if a socket of IPv6 uses it: four numbers."""
    return _hexadecimal(bytes(10) + b"\xff\xff" + socket.inet_aton(address[0]), address[1])


def _hexadecimal(address: bytes, port: int) -> str:
    numbers = struct.unpack(f"={len(address) // 4}I", address)
    return f"{''.join(f'{number:08X}' for number in numbers)}:{port:04X}"
