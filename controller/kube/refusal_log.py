"""Logs refusals of the API server as warnings: each kind once a minute, with a count.

Not logged are 404, conflicts and expired lists, which are ordinary answers, and 401, after which
the token is renewed.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from controller.kube.errors import ApiError

log = logging.getLogger(__name__)

EVERY: Final = 60.0
KEPT: Final = 1000
_ORDINARY: Final = frozenset({401, 404, 409, 410})
#: Part of the message about a namespace that is being deleted with all its objects.
_TERMINATING: Final = "because it is being terminated"
_NAMESPACE: Final = re.compile(r"/namespaces/([^/?]+)/")

_Kind = tuple[str, str, str, int, str]


@dataclass(slots=True)
class _Logged:
    """When a kind of refusal was last logged, and how often it occurred since."""

    at: float
    since: int = 0


class RefusalLog:
    """``clock`` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged: dict[_Kind, _Logged] = {}

    def note(self, verb: str, resource: str, path: str, error: ApiError) -> None:
        """Note that the API server answered a request with ``error``."""
        if error.status in _ORDINARY or _TERMINATING in error.message:
            return
        found, now = _NAMESPACE.search(path), self._clock()
        namespace = found[1] if found else ""
        kind = (verb, resource, namespace, error.status, error.reason)
        logged = self._logged.get(kind)
        if logged is not None and now - logged.at < EVERY:
            logged.since += 1
            return
        more = f" (and {logged.since} more like it)" if logged and logged.since else ""
        where = f" in {namespace}" if namespace else ""
        log.warning("refused: %s %s%s: %s%s", verb, resource, where, error, more)
        if len(self._logged) >= KEPT:
            self._logged = {k: v for k, v in self._logged.items() if now - v.at < EVERY}
        self._logged[kind] = _Logged(now)
