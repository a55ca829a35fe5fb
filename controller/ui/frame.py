"""What every page shows around its content, and errors as pages."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final
from zlib import crc32

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from controller.kube.errors import ApiError
from controller.ui.access import Viewer
from controller.ui.pages.base import Page
from controller.ui.render import Renderer
from controller.ui.site import Site
from controller.ui.tokens import OF_SESSION

log = logging.getLogger(__name__)

#: Where a request keeps its viewer.
VIEWER: Final = web.RequestKey("viewer", Viewer)
#: The cookie with the theme that a person chose, and the themes; without it the browser's.
_COOKIE: Final = "theme"
_THEMES: Final = ("light", "dark")


#: Headers of an error that its page keeps.
_KEPT: Final = ("WWW-Authenticate", "Retry-After", "Allow")


class Frame:
    """``signs_in``: whether viewers sign in at this page."""

    def __init__(self, site: Site, renderer: Renderer, *, signs_in: bool) -> None:
        self._site = site
        self._renderer = renderer
        self._signs_in = signs_in

    @web.middleware
    async def errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Errors as pages that say what to do."""
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            response = self.error(request, error.status, error.text or error.reason)
            kept = {name: error.headers[name] for name in _KEPT if name in error.headers}
            response.headers.update(kept)
            return response
        except ApiError as error:
            log.warning("%s %s: %s", request.method, request.path, error)
            why = "its log says more" if self._site.is_discreet else str(error)
            return self.error(request, 502, f"The API server does not do its part: {why}.")
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return self.error(request, 500, "The page has a fault; its log says more.")

    def data(self, request: web.Request, page: Page | None) -> dict[str, Any]:
        """What the templates need for what is around the content."""
        theme = request.cookies.get(_COOKIE, "")
        live = f"/live{page.path}" if page else ""
        viewer: Viewer | None = request.get(VIEWER)
        return {
            "theme": theme if theme in _THEMES else "",
            "viewer": viewer.name if viewer else "",
            "signed_in": OF_SESSION in request,
            "sign_in": self._sign_in(request),
            "place": self._site.place,
            "title": page.title if page else "",
            "live": live,
            # Another address is another element: htmx goes on with the stream of an element whose
            # address changes.
            "stream": f"stream-{crc32(live.encode()):x}",
        }

    def _sign_in(self, request: web.Request) -> str:
        """Where to sign in and come back; "" if that is not at this page."""
        if not self._signs_in:
            return ""
        shown = request.method == "GET" and not request.path.startswith(("/live/", "/sign"))
        return str(URL("/signin").with_query(next=request.path_qs) if shown else "/signin")

    def error(
        self, request: web.Request, status: int, message: str, hint: str = ""
    ) -> web.StreamResponse:
        """A page about an error. ``hint``: what to do."""
        data = {**self.data(request, None), "title": "Error", "message": message, "hint": hint}
        response = respond(self._renderer.html("error.html", {**data, "status": status}))
        response.set_status(status)
        return response

    @property
    def missing(self) -> str:
        """Why there is nothing at an address; the same for what a viewer may not see."""
        if not self._site.watch.synced:
            return "Still reading from the API server. Reload in a moment."
        return "There is nothing here: it does not exist, it was deleted, or you may not see it."


def respond(html: str) -> web.Response:
    """An answer with a page."""
    # Half of a character, which no browser sends but a program may, must not end the answer.
    whole = str(html).encode(errors="replace").decode()
    return web.Response(text=whole, content_type="text/html", headers={"Cache-Control": "no-store"})
