"""What every answer says and every request must have, so that other web sites can do nothing here.

* Host: only the names under which the page is served (a foreign name that resolves to this address
  is DNS rebinding).
* POST: the Origin of the page itself, and a token in the form that belongs to the browser's cookie.
* Answers: no script, style or anything else from elsewhere, no inline script or style, no frames.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it browsers send no Origin with a form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: The field of a form that holds the token.
FIELD: Final = "csrf"


async def harden(_request: web.Request, response: web.StreamResponse) -> None:
    """For the signal ``on_response_prepare``: give every answer the headers."""
    response.headers.update(HEADERS)


class Guard:
    """``hosts``: the names (with port) under which the page is served, in lower case. ``cookie``:
    its name, for browsers send the cookies of a host to all its ports. ``secure``: whether it is
    served by HTTPS."""

    def __init__(self, hosts: Iterable[str], cookie: str, *, secure: bool = False) -> None:
        self.hosts = frozenset(hosts)
        self._secure = secure
        self._key = secrets.token_bytes(32)
        self._cookie = cookie

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuses what must not be answered. Raises ``web.HTTPException``."""
        self._check(request)
        return await handler(request)

    def _check(self, request: web.Request) -> None:
        if request.host.lower() not in self.hosts:
            raise web.HTTPMisdirectedRequest(text="This page is not served under this name.")
        if request.method not in ("GET", "HEAD", "POST"):
            raise web.HTTPMethodNotAllowed(request.method, ("GET", "HEAD", "POST"))
        if request.method == "POST" and request.headers.get("Origin") != self._origin(request):
            raise web.HTTPForbidden(text="This request did not come from this page.")

    def _origin(self, request: web.Request) -> str:
        return f"{'https' if self._secure else 'http'}://{request.host.lower()}"

    def token(self, request: web.Request, response: web.StreamResponse) -> str:
        """The token for the forms of this browser. ``response`` gets the cookie to which it belongs
        if the browser has none."""
        cookie = request.cookies.get(self._cookie, "")
        if len(cookie) < 32:
            cookie = secrets.token_urlsafe(32)
            response.set_cookie(
                self._cookie,
                cookie,
                httponly=True,
                secure=self._secure,
                samesite="Lax",
                path="/",
            )
        return hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()

    def verify(self, request: web.Request, given: object) -> None:
        """Raises ``web.HTTPForbidden`` if a form does not have the token of its browser."""
        cookie = request.cookies.get(self._cookie, "")
        wanted = hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()
        if not (cookie and isinstance(given, str) and hmac.compare_digest(wanted, given)):
            raise web.HTTPForbidden(text="This form is too old. Go back, reload, and try again.")


def local(port: int) -> list[str]:
    """The names of this machine for itself."""
    return [f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")]
