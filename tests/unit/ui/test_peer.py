"""Whose the other end of a connection is: other users of the machine must not get the page."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.ui import peer

LINE = "0: {} {} 01 00000000:00000000 00:00000000 00000000  {}  0 {} 1 0"
LOCAL, REMOTE = ("127.0.0.1", 0x9C40), ("127.0.0.1", 0x1F90)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def mapped_client(server: socket.socket) -> socket.socket:
    """A socket of IPv6 that is connected to an IPv4 address."""
    client = socket.socket(socket.AF_INET6)
    client.connect(("::ffff:127.0.0.1", server.getsockname()[1]))
    return client


def test_a_socket_is_found_by_both_its_ends() -> None:
    line = LINE.format(peer.written(LOCAL), peer.written(REMOTE), 1000, 77)
    assert "0100007F:9C40 0100007F:1F90" in line
    assert peer.user_of([line], LOCAL, REMOTE) == 1000
    assert peer.user_of([line], REMOTE, LOCAL) is None


def test_a_socket_without_a_process_is_not_one_of_root() -> None:
    orphan = LINE.format(peer.written(LOCAL), peer.written(REMOTE), 0, 0)
    assert peer.user_of([orphan], LOCAL, REMOTE) is None
    owned = LINE.format(peer.written(LOCAL), peer.written(REMOTE), 0, 77)
    assert peer.user_of([orphan, owned], LOCAL, REMOTE) == 0


def test_connections_of_our_user_are_ours(server: socket.socket) -> None:
    ours = server.getsockname()
    with socket.create_connection(ours) as plain, mapped_client(server) as mapped:
        assert peer.belongs(plain.getsockname(), ours)
        assert peer.belongs(("127.0.0.1", mapped.getsockname()[1]), ours)
        with open("/proc/net/tcp6") as table:
            found = peer.user_of(table, ("127.0.0.1", mapped.getsockname()[1]), ours)
    assert found == os.getuid()


def test_a_socket_of_ipv6_of_somebody_else_is_refused(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = server.getsockname()
    with mapped_client(server) as client:
        monkeypatch.setattr(os, "getuid", lambda: 4242)
        monkeypatch.setattr(peer, "_ROOT", 4243)
        assert not peer.belongs(("127.0.0.1", client.getsockname()[1]), ours)


def test_what_is_not_listed_is_refused_where_there_is_a_list(
    server: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = server.getsockname()
    assert not peer.belongs(("127.0.0.1", 1), ours)
    assert not peer.belongs(None, ours)
    monkeypatch.setattr(peer, "_TABLES", (tmp_path / "none",))
    assert peer.belongs(("127.0.0.1", 1), ours)
