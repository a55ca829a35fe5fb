"""Signing in with a bearer token, and signing out."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web
from yarl import URL

from controller.ui.frame import Frame, respond
from controller.ui.render import Renderer
from controller.ui.security import FIELD, SESSION, Guard
from controller.ui.tokens import OF_SESSION, TokenAccess, read

#: An address of this page: no other host, and nothing that browsers read as one.
_LOCAL: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
#: Seconds: the API server makes no token that expires sooner.
_SHORTEST: Final = 600.0


class SignIn:
    def __init__(self, frame: Frame, renderer: Renderer, guard: Guard, access: TokenAccess) -> None:
        self._frame = frame
        self._renderer = renderer
        self._guard = guard
        self._access = access

    def add(self, app: web.Application) -> None:
        """Add the addresses. That of the form is open to everybody, by its name."""
        app.router.add_get("/signin", self.form, name="signin")
        app.router.add_post("/signin", self.enter, name="signin")
        app.router.add_get("/signout", self.ask)
        app.router.add_post("/signout", self.leave)

    async def form(self, request: web.Request) -> web.StreamResponse:
        return self._form(request, 200, request.query.get("next", ""))

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Check the token, and open a session under a new id."""
        form = await self._guard.form(request)
        where, token = form.get("next", ""), read(form.get("token", ""))
        if token is None:
            return self._form(request, 400, where, "That is no token: it is one line of letters.")
        identity = await self._access.identity(token, request)
        if identity is None:
            why = "The API server does not accept this token. It may have expired."
            return self._form(request, 401, where, why)
        sessions = self._access.sessions
        if (old := sessions.get(self._guard.cookie(request, SESSION))) is not None:
            sessions.end(old)
        response = web.HTTPSeeOther(local(where))
        name = sessions.open(identity.user, token)
        self._guard.set_cookie(request, response, SESSION, name)
        raise response

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """The question before signing out."""
        response = respond("")
        data = {
            **self._frame.data(request, None),
            "title": "Sign out?",
            "field": FIELD,
            "token": self._guard.token(request, response),
        }
        response.text = str(self._renderer.html("sign_out.html", data))
        return response

    async def leave(self, request: web.Request) -> web.StreamResponse:
        await self._guard.form(request)
        if (session := request.get(OF_SESSION)) is not None:
            self._access.sessions.end(session)
        response = web.HTTPSeeOther("/signin")
        self._guard.set_cookie(request, response, SESSION, "")
        raise response

    def _form(
        self, request: web.Request, status: int, where: str, trouble: str = ""
    ) -> web.StreamResponse:
        response = respond("")
        data = {
            **self._frame.data(request, None),
            "title": "Sign in",
            "next": str(local(where)),
            "trouble": trouble,
            "lifetime": self._access.sessions.lifetime,
            "asked": max(self._access.sessions.lifetime, _SHORTEST),
            "field": FIELD,
            "token": self._guard.token(request, response),
        }
        response.text = str(self._renderer.html("sign_in.html", data))
        response.set_status(status)
        return response


def local(where: str) -> URL:
    """An address of this page, after a sign-in; any other becomes that of the first page."""
    return URL(where) if len(where) < 2000 and _LOCAL.fullmatch(where) else URL("/")
