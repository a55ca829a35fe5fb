"""The access by bearer tokens of the API server: of a session, or with each request.

The API server reviews each token (TokenReview), and again when an answer is a minute old: a token
that has expired or was revoked ends its session. What the viewer does, he does with his own token.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web
from yarl import URL

from controller.kube.client import Client
from controller.resource import Resource
from controller.ui.access import Viewer
from controller.ui.attempts import Attempts, Network, TooManyError, sender
from controller.ui.believed import Believed
from controller.ui.reviews import BELIEVED, GRACE, Identity, Reviews
from controller.ui.security import SESSION, Guard
from controller.ui.sessions import Session, Sessions, Token
from controller.ui.subject import Subject

TOKEN_REVIEWS: Final = Resource(
    "authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced=False
)
#: Seconds for which a refusal is believed: a new token may not be known everywhere yet.
_REFUSED: Final = 5.0
MAX_TOKENS: Final = 2000
#: Where a request keeps the session that it belongs to.
OF_SESSION: Final = web.RequestKey("session", Session)

_READABLE: Final = re.compile(r"[\x21-\x7e]{1,16384}")


class Tokens:
    """What the API server says about tokens. ``client`` asks about those that it accepted before,
    ``stranger`` about all others: so that nobody who sends invented ones delays the others.
    ``seconds``: for which an answer is believed."""

    def __init__(
        self,
        client: Client,
        stranger: Client,
        seconds: float = BELIEVED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._stranger = stranger
        self._answers = Believed[Token, Identity | None](
            lambda found: seconds if found else min(seconds, _REFUSED),
            grace=GRACE,
            most=MAX_TOKENS,
            clock=clock,
        )

    def knows(self, token: Token) -> bool:
        """Whether the token was accepted when it was reviewed last."""
        return self._answers.known(token, old=True) is not None

    async def identity(self, token: Token) -> Identity | None:
        """The user to whom the token belongs; None if it is not accepted. Raises ``ApiError``."""
        client = self._client if self.knows(token) else self._stranger
        return await self._answers.get(token, lambda: self._review(token, client))

    async def _review(self, token: Token, client: Client) -> Identity | None:
        body = {
            "apiVersion": TOKEN_REVIEWS.api_version,
            "kind": TOKEN_REVIEWS.kind,
            "spec": {"token": token.text},
        }
        status = (await client.create(TOKEN_REVIEWS, None, body)).get("status") or {}
        user: dict[str, Any] = status.get("user") or {}
        if status.get("authenticated") is not True or not user.get("username"):
            return None
        extra: dict[str, list[str]] = user.get("extra") or {}
        return Identity(
            user=user["username"],
            uid=user.get("uid") or "",
            groups=tuple(user.get("groups") or ()),
            extra=tuple((key, tuple(extra[key])) for key in sorted(extra)),
        )


class TokenAccess:
    """``acts``, ``logs``: clients of the page for what viewers do, and for logs, which may take
    long; the requests for viewers have their tokens instead of the page's own.
    ``proxies``: which are believed when they name the address of a viewer."""

    signs_in = True

    def __init__(
        self,
        guard: Guard,
        acts: Client,
        logs: Client,
        tokens: Tokens,
        sessions: Sessions,
        reviews: Reviews,
        proxies: tuple[Network, ...] = (),
        attempts: Attempts | None = None,
    ) -> None:
        self.sessions = sessions
        self._guard = guard
        self._acts = acts
        self._logs = logs
        self._tokens = tokens
        self._reviews = reviews
        self._proxies = proxies
        self._attempts = attempts or Attempts()

    async def viewer(self, request: web.Request) -> Viewer:
        token = _bearer(request)
        if token is not None:
            identity = await self.identity(token, request)
            if identity is None:
                raise _unauthorized("The API server does not accept this bearer token.")
            return self._subject(identity, token, identity)
        session = self.sessions.get(self._guard.cookie(request, SESSION))
        if session is None:
            raise _signed_out(request)
        identity = await self._tokens.identity(session.token)
        if identity is None:
            self.sessions.end(session)
            raise _signed_out(request)
        request[OF_SESSION] = session
        return self._subject(identity, session.token, session)

    async def identity(self, token: Token, request: web.Request) -> Identity | None:
        """The user to whom a token belongs that somebody has sent; None if it is not accepted.
        Raises ``web.HTTPTooManyRequests`` where too many were not, and ``ApiError``."""
        if self._tokens.knows(token):
            return await self._tokens.identity(token)
        address = sender(request, self._proxies)
        try:
            return await self._attempts.ask(address, lambda: self._tokens.identity(token))
        except TooManyError as error:
            raise web.HTTPTooManyRequests(
                text=f"Too many tokens were refused. Try again in {error.seconds} seconds.",
                headers={"Retry-After": str(error.seconds)},
            ) from error

    def _subject(self, identity: Identity, token: Token, key: Session | Identity) -> Subject:
        acts, logs = self._acts.with_token(token.text), self._logs.with_token(token.text)
        return Subject(identity, self._reviews, key, acts, logs)


def read(text: str) -> Token | None:
    """A token as a person pastes it; None if it cannot be one."""
    text = text.strip().removeprefix("Bearer ").strip()
    return Token(text) if _READABLE.fullmatch(text) else None


def _bearer(request: web.Request) -> Token | None:
    """The token of the header Authorization; None if there is none of this kind."""
    given = request.headers.getall("Authorization", [])
    bearers = [each for each in given if each[:7].lower() == "bearer "]
    if not bearers:
        return None
    token = read(bearers[0][7:]) if len(bearers) == 1 else None
    if token is None:
        raise _unauthorized("This bearer token cannot be read.")
    return token


def _unauthorized(why: str) -> web.HTTPUnauthorized:
    return web.HTTPUnauthorized(text=why, headers={"WWW-Authenticate": "Bearer"})


def _signed_out(request: web.Request) -> web.HTTPException:
    """Leads a browser to where it can sign in; tells all else that it must. The same for every
    address, whether there is something or not."""
    is_stream = request.path.startswith("/live/")
    by_script = "HX-Request" in request.headers or is_stream
    if request.method != "GET" or by_script or "text/html" not in request.headers.get("Accept", ""):
        return _unauthorized("You are not signed in, or no longer.")
    where = URL("/signin")
    return web.HTTPSeeOther(
        where.with_query(next=request.path_qs) if request.path != "/" else where
    )
