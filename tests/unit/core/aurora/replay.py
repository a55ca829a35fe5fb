"""The observer of every test, where the test sets the clock of the pods."""

from __future__ import annotations

from hack.harness.manifests import by_revision, phase
from hack.harness.observer import Observer, Replay
from hack.harness.pods import PodSeen
from hack.harness.sightings import Seen


class PlayedObserver(Observer):
    """As every Observer, but a pod's Ready stamp may be set back."""

    def replay(self) -> Replay:
        self._sightings.catch_up(self._namespace)
        replay = _PlayedReplay(self._excused, self._until)
        for seen in self.events():
            replay.take(seen)
        return replay


class _PlayedReplay(Replay):
    def __init__(self, excused: set[str], until: float) -> None:
        super().__init__(excused, until)
        self._stamps: dict[str, str] = {}

    def _bring_up(self, seen: Seen, pod: PodSeen) -> None:
        # With another stamp the moment at which it is good is another one, too.
        self._forget_the_good(seen.at)
        key = (pod.job, pod.instance)
        if self._stamps.get(pod.uid) != pod.ready_at and key in self._down:
            self._down[key] = None
        self._stamps[pod.uid] = pod.ready_at
        super()._bring_up(seen, pod)

    def _take_down(self, seen: Seen, pod: PodSeen) -> None:
        super()._take_down(seen, pod)
        # What a rollback takes away, because the update had created it, is not down: it is gone.
        update = self._active(pod.job)
        if update and phase(update) == "RollingBack":
            before = by_revision(update["status"].get("from"))
            if pod.instance not in set().union(*before.values()):
                self._down.pop((pod.job, pod.instance), None)
