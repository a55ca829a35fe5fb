"""How the time of a computation grows, measured against the same computation of a smaller case.

So the verdict does not depend on how fast the machine is, nor on what else it does.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_TRIES = 3


def growth(small: Callable[[], object], large: Callable[[], object]) -> float:
    """How many times longer ``large`` keeps a processor busy than ``small``. Both are tried several
    times, turn by turn; the shortest counts."""
    found = [(_seconds(small), _seconds(large)) for _ in range(_TRIES)]
    return min(each[1] for each in found) / min(each[0] for each in found)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun
