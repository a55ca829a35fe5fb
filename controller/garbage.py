"""When Python looks for cyclic garbage.

By default it looks each time 700 more objects exist than before, and a look at all objects follows
the number of objects. While the store is filled, objects are created by the hundred thousand, and
none of them is garbage: looking for it took a third of that time. What the store holds then is not
looked at again.
"""

from __future__ import annotations

import gc
from typing import Final

_USUAL: Final = gc.get_threshold()
_RARE: Final = (100_000, 20, 100)


def look_rarely() -> None:
    """Until `look_as_usual`: look 150 times as rarely."""
    gc.set_threshold(*_RARE)


def look_as_usual() -> None:
    """From now on look at new objects only, as often as by default."""
    gc.freeze()
    gc.set_threshold(*_USUAL)
