"""What all pages are made from."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from controller.ui.reads import Reads
from controller.ui.recorder import Recorder
from controller.ui.store import Kind, Store
from controller.ui.watch import Trouble, Watch


@dataclass(frozen=True, slots=True)
class Notice:
    """Watches that do not work, for the same kind of reason. ``namespaces``: empty for all.
    ``since``: epoch seconds of what is shown of them; None if something of them was never read."""

    message: str
    since: float | None
    namespaces: tuple[str, ...]
    is_refused: bool


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

    def namespaces(self) -> set[str]:
        """The namespaces of which the page knows something, or should."""
        troubled = {each.namespace for each in self.watch.troubles if each.namespace}
        return self.store.namespaces() | troubled

    def notices(self, sees: Callable[[Kind, str], bool]) -> list[Notice]:
        """What is wrong with the watches, as viewers may know it who see these kinds in these
        namespaces."""
        found = [
            each
            for each in self.watch.troubles
            if _concerns_all(each) or sees(each.kind, each.namespace)
        ]
        unanswered = [each for each in found if not each.is_refused]
        refused = [each for each in found if each.is_refused]
        return [self._notice(troubles) for troubles in (unanswered, refused) if troubles]

    def _notice(self, troubles: Sequence[Trouble]) -> Notice:
        where = sorted({each.namespace for each in troubles})
        whole = not all(where) or set(where) >= set(self.watch.reach.namespaces)
        stamps = [each.since for each in troubles]
        return Notice(
            message="the log of the page says why" if self.is_discreet else troubles[0].message,
            since=None if None in stamps else min(each for each in stamps if each is not None),
            namespaces=() if whole else tuple(where),
            is_refused=troubles[0].is_refused,
        )


def _concerns_all(trouble: Trouble) -> bool:
    """Whether something is missing on every page."""
    return not trouble.namespace and trouble.kind != "maintenance"
