"""Jobs that are updated without a pause, so that there is always something to write."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType

from hack.devcluster.api import ApiError
from hack.harness.manifests import is_true, job, queue
from hack.harness.space import Space

#: Pods are Ready so long after their start: a write every tenth of a second or so.
_STEERING = {"behaviour": "ready-after", "ready_after": "300ms"}


class Traffic:
    """``jobs`` Jobs in one namespace; each gets another image as soon as it has the last one."""

    def __init__(self, space: Space, jobs: int = 4, instances: int = 4) -> None:
        self.names = [f"web{number}" for number in range(jobs)]
        self._space = space
        self._instances = instances
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic")
        self._turns = dict.fromkeys(self.names, 1)
        #: The generation of each Job after its last change, which the watch may show late.
        self._changed = dict.fromkeys(self.names, 1)

    def __enter__(self) -> Traffic:
        for name in self.names:
            wish = job(name, self._instances, strategy=queue(1), steering=_STEERING)
            self._space.create(wish)
        for name in self.names:
            self._space.wait_ready(name, timeout=60)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def settle(self, timeout: float = 60) -> None:
        """End the changes. Returns when all Jobs have what they were given last."""
        self._over.set()
        for name in self.names:
            self._space.wait_ready(name, timeout)

    def _run(self) -> None:
        while not self._over.wait(0.1):
            for name in self.names:
                if self._is_done(name):
                    self._turns[name] += 1
                    with suppress(OSError, ApiError):
                        made = self._space.set_image(f"web:{self._turns[name]}", name, **_STEERING)
                        self._changed[name] = made["metadata"]["generation"]

    def _is_done(self, name: str) -> bool:
        found = self._space.sightings.get(self._space.name, "EchelonJob", name)
        if found is None or not is_true(found, "Ready"):
            return False
        generation = found["metadata"]["generation"]
        return bool(found["status"]["observedGeneration"] == generation >= self._changed[name])
