"""How long pods and instances of a Job took, for metrics; no decision reads it.

    assigned   a pod: from its creation until the scheduler bound it to a node (both moments are the
               API server's)
    good       a pod: from its creation, or its last change in place, until it was good for the
               first time
    recovery   an instance: from the loss of its last good pod until it had a good one again. What
               an Update has in work, or the Job no longer wants, is not lost: that was planned.

The counts are of this process alone, since it began to work on the Job.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod


@dataclass(slots=True)
class Took:
    """``count``: how often it happened; ``seconds``: how long it took, added up. Both only grow."""

    count: int = 0
    seconds: float = 0.0

    @property
    def total(self) -> tuple[int, float]:
        return self.count, self.seconds

    def add(self, seconds: float) -> None:
        self.count += 1
        self.seconds += max(0.0, seconds)


@dataclass(slots=True)
class Timings:
    """All times are epoch seconds."""

    assigned: Took = field(default_factory=Took)
    good: Took = field(default_factory=Took)
    recovery: Took = field(default_factory=Took)
    #: When the pods were last looked at; 0: never. What was good by then is not counted.
    _looked: float = 0.0
    #: `minReadySeconds` when instances were compared last, and those that were good.
    _min_ready: float = 0.0
    _good: Ids = NONE
    #: Lost instances, and since when each is.
    _lost: Ids = NONE
    _since: dict[int, float] = field(default_factory=dict)

    def put(self, known: Pod, pod: Pod) -> None:
        """A new version of the pod ``known`` was observed."""
        if pod.node and not known.node and pod.bound:
            self.assigned.add(pod.bound - pod.created)

    def became_good(self, pod: Pod, moment: float) -> None:
        """``pod`` became good at ``moment``, for the first time."""
        if 0 < self._looked < moment:
            self.good.add(moment - pod.since)

    def looked(self, now: float) -> None:
        """What is good at ``now`` is known."""
        self._looked = now

    def is_settled(self, good: Ids, min_ready: float) -> bool:
        """Whether none is lost, and these were good before: then there is nothing to compare."""
        return good == self._good and not self._lost and min_ready == self._min_ready

    def apply(self, min_ready: float) -> None:
        """Instances are good after ``min_ready`` seconds from now on. Those that are no longer good
        by this rule alone were not lost."""
        if min_ready != self._min_ready:
            self._min_ready, self._good = min_ready, NONE

    def compare(self, good: Ids, wanted: Ids, planned: Ids, now: float) -> None:
        """Take the instances with a ``good`` pod at ``now``. ``wanted``: all that the Job should
        have; ``planned``: those that the active Update has in work, or that are to be moved."""
        back, lost = self._lost & good, (self._good & wanted) - good - planned - self._lost
        for i in back:
            self.recovery.add(now - self._since[i])
        for i in lost:
            self._since[i] = now
        for i in self._lost - (wanted - good):
            del self._since[i]
        self._lost = (self._lost | lost) & (wanted - good)
        self._good = good
