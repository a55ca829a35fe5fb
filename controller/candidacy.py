"""Whether this process stands for the Leases: only if it sees what it would have to act on.

One that does not see would leave Jobs alone that need it, and take an instance that is Ready for
late; another one may see. While no process sees, none holds a Lease, and none writes anything.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from controller.kube.elector import Elector
from controller.reconcile.crds import CrdCheck
from controller.reconcile.feeds import Feeds

log = logging.getLogger(__name__)


class Candidacy:
    """Call ``look()`` when something has changed, and now and then. A kind that is refused for more
    than two durations of a Lease makes this process give its Leases up."""

    def __init__(
        self,
        elector: Elector,
        feeds: Feeds,
        crds: CrdCheck,
        lease_duration: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._elector = elector
        self._feeds = feeds
        self._crds = crds
        self._patience = 2 * lease_duration
        self._clock = clock
        #: Time of the clock when a question about a Lease was last seen to fail.
        self._cut_off_at = float("-inf")
        #: What was logged last.
        self._sees = True

    def blindness(self) -> str | None:
        """What this process does not see, and why. None if it sees all, and while the API server
        does not answer at all: then nobody sees more, and there is no Lease to hold."""
        if not self._feeds.synced:
            return "not filled yet"
        if self._elector.failing:
            self._cut_off_at = self._clock()
        # After an outage, whoever gets the Lease lists without waiting for the end of a back-off.
        if self._clock() - self._cut_off_at < self._patience:
            return None
        return self._feeds.problem(self._patience)

    def look(self) -> None:
        """Stand for the Leases, or do not any more."""
        blind = self.blindness()
        if self._feeds.synced and self._sees != (blind is None):
            self._sees = blind is None
            if blind:
                log.error("this operator stands for no Lease: it %s", blind)
            else:
                log.info("this operator stands for the Lease again")
        self._elector.stand(blind is None and self._crds.fit.is_set())
