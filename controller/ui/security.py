"""What every answer says and every request must have, so that other web sites can do nothing here.

* Host: only the names under which the page is served (a foreign name that resolves to this address
  is DNS rebinding).
* POST: the Origin of the page itself, and a token in the form that belongs to the browser's cookie.
* Answers: no script, style or anything else from elsewhere, no inline script or style, no frames.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Iterable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

log = logging.getLogger(__name__)

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
    # Not which versions of which libraries answer.
    "Server": "echelon",
}
#: The field of a form that holds the token.
FIELD: Final = "csrf"
#: The cookies: to which the token of forms belongs, and of a session.
FORM: Final = "form"
SESSION: Final = "session"


async def harden(_request: web.Request, response: web.StreamResponse) -> None:
    """For the signal ``on_response_prepare``: give every answer the headers."""
    response.headers.update(HEADERS)


class Guard:
    """``hosts``: the names (with port) under which the page is served, in lower case; ``secure``:
    those of them that are served by HTTPS. ``cookie``: with what the names of its cookies begin."""

    def __init__(self, hosts: Iterable[str], cookie: str, *, secure: Iterable[str] = ()) -> None:
        self._key = secrets.token_bytes(32)
        self._cookie = cookie
        self.serve(hosts, secure)

    def serve(self, hosts: Iterable[str], secure: Iterable[str] = ()) -> None:
        """Set the names, when they are known only now."""
        self.hosts, self._secure = frozenset(hosts), frozenset(secure)

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

    def _is_secure(self, request: web.Request) -> bool:
        return request.host.lower() in self._secure

    def _origin(self, request: web.Request) -> str:
        return f"{'https' if self._is_secure(request) else 'http'}://{request.host.lower()}"

    # Cookies.

    def cookie(self, request: web.Request, word: str) -> str:
        """The value of a cookie of this page; "" if the browser has none, or one of others."""
        value = request.cookies.get(self._name(request, word), "")
        return value if value.isascii() else ""

    def set_cookie(
        self, request: web.Request, response: web.StreamResponse, word: str, value: str
    ) -> None:
        """Give the browser a cookie, until it is closed; "" takes it away."""
        response.set_cookie(
            self._name(request, word),
            value,
            max_age=None if value else 0,
            httponly=True,
            secure=self._is_secure(request),
            # Not Strict: with it, who follows a link from elsewhere would have to sign in again.
            samesite="Lax",
            path="/",
        )

    def _name(self, request: web.Request, word: str) -> str:
        if self._is_secure(request):
            # Browsers let nobody else set a cookie of such a name, no other host of the domain.
            return f"__Host-{self._cookie}-{word}"
        # Browsers send the cookies of a host to all its ports.
        return f"{self._cookie}-{word}-{request.host.rpartition(':')[2]}"

    # The token of forms.

    def token(self, request: web.Request, response: web.StreamResponse) -> str:
        """The token for the forms of this browser. ``response`` gets the cookie to which it belongs
        if the browser has none."""
        cookie = self.cookie(request, FORM)
        if len(cookie) < 32:
            cookie = secrets.token_urlsafe(32)
            self.set_cookie(request, response, FORM, cookie)
        return self._token_of(request, cookie)

    async def form(self, request: web.Request) -> dict[str, str]:
        """The fields of a form. Raises ``web.HTTPBadRequest`` if it cannot be read, and
        ``web.HTTPForbidden`` if it does not have the token of its browser."""
        try:
            given = await request.post()
        except (web.HTTPException, ConnectionError):
            raise
        except Exception as error:
            # Its text may repeat what was sent, for example a bearer token.
            log.info("a form from %s cannot be read: %s", request.remote, type(error).__name__)
            raise web.HTTPBadRequest(text="This form cannot be read.") from None
        fields = {name: value for name, value in given.items() if isinstance(value, str)}
        self.verify(request, fields.get(FIELD))
        return fields

    def verify(self, request: web.Request, given: object) -> None:
        """Raises ``web.HTTPForbidden`` if a form does not have the token of its browser."""
        cookie = self.cookie(request, FORM)
        wanted = self._token_of(request, cookie)
        if not (cookie and isinstance(given, str) and _same(wanted, given)):
            raise web.HTTPForbidden(text="This form is too old. Go back, reload, and try again.")

    def _token_of(self, request: web.Request, cookie: str) -> str:
        # Also of the session: a form from before a sign-in is worth nothing after it.
        text = f"{cookie} {self.cookie(request, SESSION)}"
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _same(wanted: str, given: str) -> bool:
    return hmac.compare_digest(wanted.encode(), given.encode())


def local(port: int) -> list[str]:
    """The names of this machine for itself."""
    return [f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")]
