"""Answers of the API server: asked for once for all who wait, and believed for a while.

When a repeated question gets an error, the last answer counts for ``grace`` seconds from when it
was given, so that a short outage of the API server ends nothing. After that, and when there is no
last answer, the error is raised.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from controller.kube.errors import ApiError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: Seconds after an error until the question is asked again.
_AGAIN: Final = 5.0


@dataclass(slots=True, eq=False)
class _Answer(Generic[V]):
    """``value``: empty until it is known. ``given``: when the API server gave it; ``until``: how
    long it is believed."""

    given: float
    until: float
    value: list[V] = field(default_factory=list)
    future: asyncio.Future[V] | None = None


class Believed(Generic[K, V]):
    """``seconds``: for which an answer is believed; it may depend on the answer. ``most``: how many
    are kept, those that were used last."""

    def __init__(
        self,
        seconds: Callable[[V], float],
        *,
        grace: float,
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._grace = grace
        self._most = most
        self._clock = clock
        self._answers: OrderedDict[K, _Answer[V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def known(self, key: K, *, old: bool = False) -> V | None:
        """The answer, if there is one that is still believed; with ``old`` also one that is not."""
        answer = self._answers.get(key)
        if answer is None or not answer.value or not (old or self._clock() < answer.until):
            return None
        return answer.value[0]

    async def get(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """The answer. ``ask`` is called if there is none that is believed. Raises ``ApiError``."""
        answer, now = self._answers.get(key), self._clock()
        if answer is None or now >= answer.until:
            # It counts as given when it was asked for: it may be old when it arrives.
            old, answer = answer, _Answer[V](now, float("inf"))
            answer.future = asyncio.ensure_future(self._asked(key, ask, answer, old))
            answer.future.add_done_callback(_look_at)
            self._answers[key] = answer
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        if key in self._answers:
            self._answers.move_to_end(key)
        if answer.value:
            return answer.value[0]
        assert answer.future is not None
        # A viewer who leaves must not end the question of the others.
        return await asyncio.shield(answer.future)

    async def _asked(
        self, key: K, ask: Callable[[], Awaitable[V]], answer: _Answer[V], old: _Answer[V] | None
    ) -> V:
        try:
            value = await ask()
            answer.until = answer.given + self._seconds(value)
        except ApiError:
            now = self._clock()
            if old is None or not old.value or now - old.given > self._grace:
                self._drop(key, answer)
                raise
            value, answer.given, answer.until = old.value[0], old.given, now + _AGAIN
        except BaseException:
            self._drop(key, answer)
            raise
        answer.value.append(value)
        return value

    def _drop(self, key: K, answer: _Answer[V]) -> None:
        if self._answers.get(key) is answer:
            del self._answers[key]


def _look_at(done: asyncio.Future[V]) -> None:
    """An error that nobody waits for any more is none to complain about."""
    if not done.cancelled():
        done.exception()
