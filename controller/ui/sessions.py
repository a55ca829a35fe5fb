"""Who is signed in: bearer tokens, kept in memory under random ids that browsers have in a cookie.

A session ends when its person signs out, its time is over, its token is no longer accepted, or
newer ones need its place. A restart of the page ends all.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

#: How many sessions there may be, and of one user; those that were used least lately go first.
MAX_SESSIONS: Final = 1000
MAX_OF_ONE: Final = 20


@dataclass(frozen=True)
class Token:
    """A bearer token. It does not show itself."""

    text: str = field(repr=False)


@dataclass(frozen=True, eq=False)
class Session:
    """``user``: the name at the sign-in. ``until``: when it ends at the latest."""

    user: str
    token: Token
    until: float
    #: The hash of its id: who reads the memory of sessions has no id.
    digest: bytes = field(repr=False)


class Sessions:
    """``lifetime``: seconds after which a session ends. ``ended`` is called with each that does."""

    def __init__(
        self,
        lifetime: float,
        ended: Callable[[Session], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lifetime = lifetime
        self._ended = ended
        self._clock = clock
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()

    def __len__(self) -> int:
        self._expire()
        return len(self._sessions)

    def open(self, user: str, token: Token) -> str:
        """A new session. Returns its id."""
        self._expire()
        of_user = [each for each in self._sessions.values() if each.user == user]
        for old in of_user[: max(0, len(of_user) - MAX_OF_ONE + 1)]:
            self.end(old)
        while len(self._sessions) >= MAX_SESSIONS:
            self.end(next(iter(self._sessions.values())))
        name = secrets.token_urlsafe(32)
        session = Session(user, token, self._clock() + self.lifetime, _digest(name))
        self._sessions[session.digest] = session
        return name

    def get(self, name: str) -> Session | None:
        """The session of an id, as one that was used now."""
        session = self._sessions.get(_digest(name)) if name else None
        if session is None:
            return None
        if self._clock() >= session.until:
            self.end(session)
            return None
        self._sessions.move_to_end(session.digest)
        return session

    def end(self, session: Session) -> None:
        if self._sessions.pop(session.digest, None) is not None:
            self._ended(session)

    def _expire(self) -> None:
        now = self._clock()
        for session in [each for each in self._sessions.values() if now >= each.until]:
            self.end(session)


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
