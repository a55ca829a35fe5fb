"""What all pages are made from."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from controller.ui.reads import Reads
from controller.ui.recorder import Recorder
from controller.ui.store import Store
from controller.ui.watch import Watch


@dataclass(frozen=True, slots=True)
class Site:
    """``place``: which cluster this is, for people. ``now``: epoch seconds."""

    store: Store
    watch: Watch
    recorder: Recorder
    reads: Reads
    place: str = ""
    now: Callable[[], float] = field(default=time.time)
