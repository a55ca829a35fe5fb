"""Either of two replicas is killed at any moment and started again, again and again."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Final

from hack.chaos.pair import FAST, Pair
from hack.chaos.part import Run
from hack.chaos.row import Row
from hack.harness.operator import OperatorError

#: Kills of each pair, and pairs at the same time.
_FULL: Final = 50
_SHORT: Final = 5
_PAIRS: Final = 2
#: The longest that both may run, and that the killed one stays away, in seconds. It is longer than
#: the Lease, so that sometimes the other one takes over, and sometimes both are away.
_RUNNING: Final = 5.0
_AWAY: Final = 5.0


def run(run: Run) -> list[Row]:
    """Each kill is a try; its time is that until the next write of either replica."""
    row = Row(
        "updates without a pause, two replicas",
        "random kill -9 of either replica",
        note=f"Lease of {FAST.lease:g} s; a killed replica stays away for at most {_AWAY:g} s",
    )
    kills = run.tries(_FULL, _SHORT)
    with ExitStack() as stack:
        pairs = [stack.enter_context(Pair(run.plane, FAST, forked=True)) for _ in range(_PAIRS)]
        with ThreadPoolExecutor(len(pairs)) as pool:
            dice = [random.Random(run.seed + number) for number in range(len(pairs))]
            list(pool.map(partial(_course, run, row, kills), pairs, dice))
    return [row]


def _course(run: Run, row: Row, kills: int, pair: Pair, dice: random.Random) -> None:
    """Kill the replicas of one pair, let both run again, and judge what they did."""
    begun, moments = pair.mark(), list[float]()
    for number in range(kills):
        time.sleep(dice.uniform(0, _RUNNING))
        victim = dice.choice(pair.replicas).operator
        victim.kill9()
        moments.append(time.time())
        time.sleep(dice.uniform(0, _AWAY))
        victim.start(ready=False)
        if (number + 1) % 10 == 0:
            run.say(f"{pair.space.name}: {number + 1} kills")
    row.tried += kills
    try:
        pair.leader()
        row.broken += [*pair.judged(), *_once(pair)]
    except (AssertionError, OperatorError) as error:
        row.broken.append(f"the updates do not go on: {error}\n{pair.space.describe()}")
    writes = [request.at.timestamp() for request in pair.writes(since=begun)]
    following = (next((at for at in writes if at > moment), None) for moment in moments)
    row.seconds += [
        round(at - moment, 3) for at, moment in zip(following, moments, strict=True) if at
    ]


def _once(pair: Pair) -> Iterator[str]:
    """Changes that were not carried out by one Update that replaced each instance once."""
    observer = pair.space.observer
    for name in pair.traffic.names:
        generation = pair.space.job(name)["metadata"]["generation"]
        for number in range(2, generation + 1):
            if (phases := observer.phases(f"{name}-g{number}"))[-1:] != ["RolledForward"]:
                yield f"Update {name}-g{number} must end RolledForward; it had the phases {phases}"
        for instance, uids in observer.uids(name).items():
            if len(uids) != generation:
                yield f"{len(uids)} pods of {name}-{instance}; {generation} templates had one each"
