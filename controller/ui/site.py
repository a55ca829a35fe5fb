"""What all pages are made from."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from controller.ui.reads import Reads
from controller.ui.recorder import Recorder
from controller.ui.store import Store
from controller.ui.watch import Trouble, Watch


@dataclass(frozen=True, slots=True)
class Site:
    """``place``: which cluster this is, for people. ``now``: epoch seconds. ``is_discreet``: the
    page may read more than its viewers, so what the API server says to it is not for them."""

    store: Store
    watch: Watch
    recorder: Recorder
    reads: Reads
    place: str = ""
    now: Callable[[], float] = field(default=time.time)
    is_discreet: bool = False

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong with the watches, as viewers may know it."""
        found = self.watch.trouble
        if found is None or not self.is_discreet:
            return found
        return replace(found, message="the log of the page says why")
