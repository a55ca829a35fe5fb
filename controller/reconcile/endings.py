"""What became of the pods of one Job, until its status says so.

A standby notes the ends of pods, too, but does not know what the operator at work intended: what it
has noted is dropped when it begins to work.
"""

from __future__ import annotations

from collections import Counter, deque

from controller.api.ended import KEPT, EndCause, Ended
from controller.api.job import JobStatus
from controller.api.pods.pod import Pod
from controller.api.update import Update
from controller.core.pods.ended import UNKNOWN, Intent, ended, inherited


class Endings:
    """``count``: ended pods by cause, of this process alone."""

    def __init__(self) -> None:
        self.count: Counter[EndCause] = Counter()
        self._found: deque[Ended] = deque(maxlen=KEPT)
        #: `ended` of the status that was looked at last.
        self._told: tuple[Ended, ...] = ()
        #: uid of a pod that this process deletes -> why.
        self._intents: dict[str, Intent] = {}
        #: uids of pods whose deletion began before this process worked on the Job.
        self._inherited: set[str] = set()

    def begin(self, uids: set[str]) -> None:
        """This process works on the Job from now on. ``uids``: of pods that are being deleted."""
        self.clear()
        self._inherited = uids

    def clear(self) -> None:
        """Nothing known counts any more: it was another Job's, or another process knew better."""
        self.count.clear()
        self._found.clear()
        self._intents.clear()
        self._inherited.clear()

    def intend(self, uid: str, intent: Intent) -> None:
        """A delete is under way. The first intent counts; a delete by force follows another."""
        self._intents.setdefault(uid, intent)

    def withdraw(self, uid: str) -> None:
        """The delete under way failed."""
        self._intents.pop(uid, None)

    def note(self, pod: Pod, now: float, status: JobStatus, active: Update | None) -> None:
        """A pod of the Job is gone. ``active``: the Update that holds the lock."""
        intent = self._intents.pop(pod.uid, UNKNOWN)
        if pod.uid in self._inherited:
            self._inherited.discard(pod.uid)
            intent = intent if intent is not UNKNOWN else inherited(pod, status, active)
        found = ended(pod, intent, now)
        self.count[found.cause] += 1
        self._found.appendleft(found)

    def fresh(self, status: JobStatus) -> tuple[Ended, ...]:
        """Those that the status does not contain, newest first."""
        if self._found and status.ended is not self._told:
            # Once for each version of the status: decisions ask far more often.
            self._told = status.ended
            told = {each.key for each in self._told}
            left = [each for each in self._found if each.key not in told]
            self._found = deque(left, maxlen=KEPT)
        return tuple(self._found)
