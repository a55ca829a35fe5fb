"""The leader is stopped past its Lease and goes on: it must not write any more."""

from __future__ import annotations

import time
from typing import Final

from hack.chaos.pair import FAST, Pair
from hack.chaos.part import Run
from hack.chaos.row import Row

_FULL: Final = 100
_SHORT: Final = 2
#: Seconds for which the former leader is looked at after it woke.
_WATCHED: Final = 1.0


def run(run: Run) -> list[Row]:
    """Each try freezes whoever leads. The time is that from the freeze to the other's write."""
    row = Row(
        "updates without a pause, two replicas",
        "SIGSTOP of the leader past its Lease, SIGCONT",
        limit=FAST.lease + 2,
        note=f"Lease of {FAST.lease:g} s",
    )
    with Pair(run.plane, FAST) as pair:
        for _ in range(run.tries(_FULL, _SHORT)):
            row.tried += 1
            try:
                leader, standby = pair.leader()
            except AssertionError as error:
                row.broken.append(str(error))
                continue
            since = pair.mark()
            leader.operator.freeze()
            seconds = pair.next_write(standby, since=since, timeout=30)
            woken = time.time()
            leader.operator.thaw()
            time.sleep(_WATCHED)
            late = pair.writes(leader, since=woken)
            run.say(f"try {row.tried}: {seconds}, {len(late)} late writes")
            row.broken += [f"the former leader wrote after it woke: {each}" for each in late]
            if seconds is None:
                row.broken.append("the standby does not write")
                continue
            # Busy machines renew late, too: it may have stopped acting before it was frozen.
            last = pair.last_write(leader, before=woken)
            gap = since + seconds - last
            if gap < FAST.earliest:
                row.broken.append(f"the standby wrote {gap:.2f} s after the leader's last act")
            row.seconds.append(round(seconds, 3))
        row.broken += pair.judged()
    return [row]
