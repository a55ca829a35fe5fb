"""Logs what the API server refuses, as warnings: each kind once a minute, with how often it was.

Not found, conflicts and expired lists are answers like others; a token that ran out is renewed.
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
#: Of a namespace that goes; what was in it goes as well.
_ENDS: Final = "because it is being terminated"
_NAMESPACE: Final = re.compile(r"/namespaces/([^/?]+)/")

_Kind = tuple[str, str, str, int, str]


@dataclass(slots=True)
class _Said:
    """When a kind was last told, and how often it came since."""

    at: float
    since: int = 0


class Refusals:
    """``clock`` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[_Kind, _Said] = {}

    def note(self, verb: str, resource: str, path: str, error: ApiError) -> None:
        """The API server answered a request with ``error``."""
        if error.status in _ORDINARY or _ENDS in error.message:
            return
        found, now = _NAMESPACE.search(path), self._clock()
        namespace = found[1] if found else ""
        kind = (verb, resource, namespace, error.status, error.reason)
        said = self._said.get(kind)
        if said is not None and now - said.at < EVERY:
            said.since += 1
            return
        more = f" (and {said.since} more like it)" if said and said.since else ""
        where = f" in {namespace}" if namespace else ""
        log.warning("refused: %s %s%s: %s%s", verb, resource, where, error, more)
        if len(self._said) >= KEPT:
            self._said = {k: s for k, s in self._said.items() if now - s.at < EVERY}
        self._said[kind] = _Said(now)
