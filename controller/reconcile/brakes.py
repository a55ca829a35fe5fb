"""Counts the disruptions of all Jobs for the safety brake (`core.replacement.safety`).

What is counted is in the statuses of the Jobs. So a restart forgets nothing, and each replica
counts what the others did, as soon as its watch shows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from controller.api.labels import SAFETY_RELEASE
from controller.core.model import brake as brakes
from controller.core.model.brake import WINDOW, Brake
from controller.reconcile.store import Store


class Brakes:
    """``setting``: ``--max-voluntary-disruption``, a number or a percentage such as ``30%``."""

    def __init__(
        self, store: Store, setting: int | str, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._setting = setting
        self._clock = clock
        #: The token of the next stop and when it was made (epoch seconds).
        self._token, self._made = "", 0.0

    def now(self) -> Brake:
        """The brake as of now. It visits all Jobs, so only those ask that want to disrupt."""
        now, asked, instances = self._clock(), 0, 0
        tokens, ended = list[str](), set[str]()
        for entry in self._store.jobs():
            assert entry.job is not None
            spec, status = entry.job.spec, entry.job.status
            in_force = status.instances_in_force
            instances += spec.instances if in_force is None else in_force
            if status.safety is None:
                continue
            asked += brakes.recent(status.safety, now)[1]
            if (stop := status.safety.stop) is not None:
                released = entry.job.metadata.annotations.get(SAFETY_RELEASE) == stop.token
                (ended.add if released else tokens.append)(stop.token)
        limit = brakes.limit_of(self._setting, instances)
        # Jobs that stop together get the same token, so that a person ends all stops at once.
        token = max(tokens) if tokens else self._new_token(now, ended)
        return Brake(str(self._setting), limit, instances, asked, token)

    def _new_token(self, now: float, ended: set[str]) -> str:
        if self._token in ended or not 0 <= now - self._made < WINDOW:
            self._token, self._made = brakes.token_of(now), now
        return self._token

    def numbers(self) -> Mapping[str, float]:
        """For metrics: how many disruptions were asked for in the last minute, and the limit."""
        brake = self.now()
        return {"asked": float(brake.asked), "limit": float(brake.limit)}
