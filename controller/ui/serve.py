"""Runs the page of `echelon ui` until it is cancelled."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Final

from aiohttp import web

from controller.kube.client import Client
from controller.ui import server
from controller.ui.app import application
from controller.ui.live import Hub
from controller.ui.own import Own
from controller.ui.reads import Reads
from controller.ui.recorder import Recorder
from controller.ui.render import Renderer
from controller.ui.security import Guard, local
from controller.ui.site import Site
from controller.ui.store import Store
from controller.ui.watch import Watch, reach

#: Where nobody but this machine gets.
HOST: Final = "127.0.0.1"
#: The port is the same each time, so that addresses can be kept; if it is taken, another is.
PORT: Final = 8765


async def serve(
    client: Client,
    *,
    namespace: str | None,
    fallback: str,
    place: str,
    port: int | None,
    ready: Callable[[str, str], None],
) -> None:
    """Serve the page with the rights of ``client``.

    ``namespace``: the only one to show; None: all that may be seen, at least ``fallback``.
    ``port`` None: `PORT`, or another if that is taken. ``ready`` is called once with the address of
    the page and a note about what is not shown. Raises ``OSError`` if the port cannot be used.
    """
    with _socket(port) as sock:
        number: int = sock.getsockname()[1]
        access = Own(client)
        within = await reach(access.owner, namespace, fallback)
        store, recorder = Store(), Recorder()
        watch = Watch(client, store, within)
        site = Site(store, watch, recorder, Reads(client), place)
        renderer = Renderer()
        hub = Hub(site, renderer)
        store.listeners += [recorder, hub]
        guard = Guard(local(number), "echelon")
        app = application(site, renderer, access, guard, hub)
        runner = server.runner(app)
        await runner.setup()
        try:
            await web.SockSite(runner, sock).start()
            ready(f"http://{HOST}:{number}/", within.note)
            await watch.run()
        finally:
            await hub.close()
            await runner.cleanup()


def _socket(port: int | None) -> socket.socket:
    """A socket bound to the port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, PORT if port is None else port))
    except OSError as error:
        if port is not None or error.errno != errno.EADDRINUSE:
            sock.close()
            raise
        sock.bind((HOST, 0))
    return sock
