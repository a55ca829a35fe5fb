"""The addresses of streams: who may open one, and what ends it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final

from aiohttp import web

from controller.kube.errors import ApiError
from controller.ui.access import Access
from controller.ui.frame import VIEWER, Frame
from controller.ui.live import Hub
from controller.ui.pages.base import Page
from controller.ui.render import Renderer
from controller.ui.site import Site

log = logging.getLogger(__name__)

#: Seconds for which the first pages wait for the first lists.
PATIENCE: Final = 10.0
#: Seconds to send one message.
_TO_SEND: Final = 30.0
_HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


class Streams:
    """``ask_again``: seconds after which a stream asks again who its viewer is and what he may
    see."""

    def __init__(
        self,
        site: Site,
        renderer: Renderer,
        access: Access,
        hub: Hub,
        frame: Frame,
        ask_again: float,
    ) -> None:
        self._site = site
        self._renderer = renderer
        self._access = access
        self._hub = hub
        self._frame = frame
        self._ask_again = ask_again

    def of(
        self, read: Callable[[Mapping[str, str], Mapping[str, str]], Page]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The handler of the streams of a kind of page."""

        async def streamed(request: web.Request) -> web.StreamResponse:
            await self._site.watch.wait(PATIENCE)
            page, viewer = read(request.match_info, request.query), request[VIEWER]
            sight = await page.sight(viewer, self._site)
            if sight is None or not await page.exists(self._site, sight):
                raise web.HTTPNotFound(text=self._frame.missing)
            if why := self._hub.refusal(page, sight, viewer.name):
                raise web.HTTPServiceUnavailable(text=why)
            response = web.StreamResponse(headers=_HEADERS)
            async with aclosing(self._hub.stream(page, sight, viewer)) as messages:
                await self._serve(request, response, messages, page, sight)
            return response

        return streamed

    async def _serve(
        self,
        request: web.Request,
        response: web.StreamResponse,
        messages: AsyncGenerator[bytes],
        page: Page,
        sight: Any,
    ) -> None:
        """Send a stream from its first to its last byte."""
        try:
            await response.prepare(request)
            await _in_time(response.write(_event("hello", self._renderer.version)))
            await self._send(request, response, messages, page, sight)
            await _in_time(response.write_eof())
        except ConnectionError:
            log.debug("the browser has left a stream of %s", page.path)
        except TimeoutError:
            # It would be sent for as long as the other end keeps the connection open.
            log.debug("nobody reads a stream of %s", page.path)
            if request.transport is not None:
                request.transport.abort()

    async def _send(
        self,
        request: web.Request,
        response: web.StreamResponse,
        messages: AsyncGenerator[bytes],
        page: Page,
        sight: Any,
    ) -> None:
        """Send messages until the viewer may see something else now."""
        clock = asyncio.get_running_loop().time
        asked = clock()
        async for message in messages:
            if clock() - asked > self._ask_again:
                asked = clock()
                if not await self._still_sees(request, page, sight):
                    return
            await _in_time(response.write(message or _event("beat", "")))

    async def _still_sees(self, request: web.Request, page: Page, sight: Any) -> bool:
        try:
            viewer = await self._access.viewer(request)
            return bool(await page.sight(viewer, self._site) == sight)
        except (web.HTTPException, ApiError):
            return False


async def _in_time(sending: Awaitable[None]) -> None:
    async with asyncio.timeout(_TO_SEND):
        await sending


def _event(name: str, data: str) -> bytes:
    return f"retry: 1000\nevent: {name}\ndata: {data}\n\n".encode()
