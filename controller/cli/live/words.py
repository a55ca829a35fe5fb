"""The last words of containers that failed: the end of their logs.

A termination message, which the failure of an instance quotes, is written by few programs; the log
is by most. It is read while the pod is there, because a rollback deletes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from controller.api.labels import INSTANCE
from controller.api.update import Update
from controller.cli.session import Object, Session
from controller.kube import logs
from controller.kube.errors import ApiError

LINES: Final = 3
MOST_BYTES: Final = 2048
#: How many logs one picture reads at most: what fails in hundreds fails for the same reason.
MOST_LOGS: Final = 10


class LastWords:
    """``by_instance``: the last lines of the log of the newest container that failed."""

    def __init__(self, session: Session) -> None:
        self.by_instance: dict[int, tuple[str, ...]] = {}
        self._session = session
        #: (uid of the pod, container, restarts) of the logs that were asked for.
        self._asked: set[tuple[str, str, int]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def read(self, update: Update, pods: Iterable[Object], changed: Callable[[], None]) -> None:
        """Begin to read the logs that were not read yet, of instances that the Update has touched.
        ``changed`` is called when one is there."""
        sets = update.status.instances
        touched = sets.updating | sets.updated | sets.failed | sets.rolling_back
        for pod in pods:
            instance = _instance(pod)
            if instance not in touched:
                continue
            for container, restarts, previous in ended(pod):
                key = (pod["metadata"]["uid"], container, restarts)
                if key in self._asked or len(self._asked) >= MOST_LOGS:
                    continue
                self._asked.add(key)
                reading = self._read(
                    instance, pod["metadata"]["name"], container, previous, changed
                )
                task = asyncio.create_task(reading)
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(
        self, instance: int, pod: str, container: str, previous: bool, changed: Callable[[], None]
    ) -> None:
        with suppress(ApiError):  # The failure is shown without its last words.
            end = await logs.tail(
                self._session.client,
                self._session.namespace,
                pod,
                container,
                lines=LINES,
                most_bytes=MOST_BYTES,
                previous=previous,
            )
            if lines := tuple(line for line in end.text.splitlines() if line.strip())[-LINES:]:
                self.by_instance[instance] = lines
                changed()


def ended(pod: Object) -> list[tuple[str, int, bool]]:
    """The containers that ended badly: name, restarts, and whether another container has taken the
    place of the one that ended."""
    found = []
    status = pod.get("status") or {}
    for each in (status.get("initContainerStatuses") or []) + (
        status.get("containerStatuses") or []
    ):
        state, last = each.get("state") or {}, each.get("lastState") or {}
        now, before = state.get("terminated"), last.get("terminated")
        restarts = int(each.get("restartCount") or 0)
        if now and now.get("exitCode"):
            found.append((each["name"], restarts, False))
        elif before and before.get("exitCode") and not now:
            found.append((each["name"], restarts, "running" in state))
    return found


def _instance(pod: Object) -> int:
    label = (pod["metadata"].get("labels") or {}).get(INSTANCE, "")
    return int(label) if label.isdecimal() else -1
