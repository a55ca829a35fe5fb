"""The access behind a proxy that has signed the viewer in and names him in headers.

The headers are believed from certain addresses only and, if there is a secret, with the secret. The
page is read-only here: it has no token with which the viewer could act.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from controller.kube.client import Client
from controller.ui.access import Viewer
from controller.ui.attempts import Network, sender, within
from controller.ui.reviews import Identity, Reviews
from controller.ui.subject import Subject

#: The header in which the proxy sends the secret, and for how many seconds its file is not read
#: again.
SECRET: Final = "X-Echelon-Proxy-Secret"
_KEPT: Final = 10.0
#: With what the names of Kubernetes' own users and groups begin, and the group that the API server
#: gives to every user whom it knows.
_OWN: Final = "system:"
_EVERYBODY: Final = "system:authenticated"


@dataclass(frozen=True, slots=True)
class Headers:
    """``user``, ``group``: names of headers; each header of groups is one, or several with
    ``separator`` between them if it is not "". The prefixes are those that roles know them by."""

    user: str
    group: str
    separator: str = ""
    user_prefix: str = ""
    group_prefix: str = ""


class ProxyAccess:
    """``logs``: a client of the page, which reads logs for those who may read them.
    ``secret_file``: "" for none."""

    signs_in = False

    def __init__(
        self,
        headers: Headers,
        proxies: tuple[Network, ...],
        secret_file: str,
        reviews: Reviews,
        logs: Client,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._headers = headers
        self._proxies = proxies
        self._secret = _Secret(secret_file, clock) if secret_file else None
        self._reviews = reviews
        self._logs = logs

    async def viewer(self, request: web.Request) -> Viewer:
        self._check(request)
        identity = self._identity(request)
        return Subject(identity, self._reviews, identity, None, self._logs)

    def _check(self, request: web.Request) -> None:
        address = sender(request)
        is_proxy = address is not None and within(address, self._proxies)
        given = request.headers.getall(SECRET, [])
        if not is_proxy or (self._secret is not None and not self._secret.matches(given)):
            raise web.HTTPForbidden(text="This page is served by its proxy alone.")

    def _identity(self, request: web.Request) -> Identity:
        headers = self._headers
        users = [each.strip() for each in request.headers.getall(headers.user, [])]
        # Of two users, one was sent by the viewer himself.
        if len(users) != 1 or not users[0]:
            raise web.HTTPUnauthorized(text="The proxy does not say who you are.")
        groups: list[str] = []
        for value in request.headers.getall(headers.group, []):
            groups += value.split(headers.separator) if headers.separator else [value]
        named = [headers.group_prefix + each.strip() for each in groups if each.strip()]
        user = headers.user_prefix + users[0]
        for name in (user, *named):
            # Bytes that are no UTF-8: the API server would take all such names for the same one.
            if not name.isprintable():
                raise web.HTTPBadRequest(text="The proxy sends a name that cannot be read.")
        if not headers.user_prefix:
            _check_names([user])
        if not headers.group_prefix:
            _check_names(named)
        return Identity(user, groups=tuple(dict.fromkeys([*named, _EVERYBODY])))


def _check_names(names: Sequence[str]) -> None:
    """Raises ``web.HTTPForbidden`` for one of Kubernetes' own: people give themselves names at
    identity providers."""
    for name in names:
        if name.startswith(_OWN) and name != _EVERYBODY:
            raise web.HTTPForbidden(
                text=f"The proxy names {name[:200]}, which is one of Kubernetes' own names. Names "
                "of an identity provider need a prefix: see --user-prefix and --group-prefix."
            )


class _Secret:
    """A secret in a file, which may change."""

    def __init__(self, path: str, clock: Callable[[], float]) -> None:
        self._path = Path(path)
        self._clock = clock
        self._read_at = float("-inf")
        self._text = b""

    def matches(self, given: list[str]) -> bool:
        if self._clock() - self._read_at > _KEPT:
            self._text, self._read_at = self._path.read_bytes().strip(), self._clock()
        return (
            bool(self._text)
            and len(given) == 1
            and hmac.compare_digest(self._text, given[0].strip().encode(errors="replace"))
        )
