"""What the API server forgets and the page has seen: values of gates, and pods that are no more.

It is kept in memory, from when the page was started, and bounded.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, TypeVar

from controller.api.progress import GateStatus
from controller.api.update import Update
from controller.ui.store import Change, Key
from controller.view.instances import Seen

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")

#: Points of one gate, and Updates with points.
MAX_POINTS: Final = 500
MAX_UPDATES: Final = 1000
#: Pods that are no more: of one Job, and Jobs with such pods.
MAX_ENDED: Final = 50
MAX_JOBS: Final = 1000

_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_RATIO: Final = re.compile(r"(\d+)/(\d+)")
_SIDES: Final = re.compile(r" vs | against ")


@dataclass(frozen=True, slots=True)
class Point:
    """An answer of a gate. ``time``: epoch seconds. ``values``: one number, or those of the updated
    instances and of the baseline; empty if the answer has none."""

    time: float
    values: tuple[float, ...]
    result: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A pod that is no more. ``ended``: epoch seconds at which the page saw it go."""

    seen: Seen
    ended: float


class Recorder:
    """Listens to a store."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.since = clock()
        self._clock = clock
        #: uid of the Update -> name of the gate -> points, oldest first.
        self._points: OrderedDict[str, dict[str, deque[Point]]] = OrderedDict()
        self._ended: OrderedDict[Key, deque[Ended]] = OrderedDict()

    def __call__(self, change: Change) -> None:
        if isinstance(change.new, Update):
            for gate in change.new.status.gates:
                self._note(change.new.metadata.uid, gate)
        elif isinstance(change.old, Update):
            self._points.pop(change.old.metadata.uid, None)
        elif isinstance(change.old, Seen):
            same = isinstance(change.new, Seen) and change.new.pod.uid == change.old.pod.uid
            if not same:
                key = (change.namespace, change.job)
                ended = _within(self._ended, key, MAX_JOBS, _few)
                ended.appendleft(Ended(change.old, self._clock()))

    def points(self, update: Update, gate: str) -> list[Point]:
        """The answers of a gate that were seen, oldest first."""
        return list(self._points.get(update.metadata.uid, {}).get(gate, ()))

    def ended(self, namespace: str, job: str) -> list[Ended]:
        """The pods of a Job that were seen to end, newest first."""
        return list(self._ended.get((namespace, job), ()))

    def _note(self, uid: str, gate: GateStatus) -> None:
        if gate.time is None:
            return
        gates = _within(self._points, uid, MAX_UPDATES, dict)
        points = gates.setdefault(gate.name, deque(maxlen=MAX_POINTS))
        point = Point(gate.time, numbers(gate.value or ""), gate.result)
        if not points or points[-1] != point:
            points.append(point)


def numbers(value: str) -> tuple[float, ...]:
    """The numbers in the value of a gate: ``0.02``, ``0.01 to 0.03`` (the higher one), ``3/4`` (the
    ratio), ``0.02 vs 0.01`` and ``0.2 against 0.1`` (both)."""
    found = [_number(side) for side in _SIDES.split(value)]
    return tuple(each for each in found if each is not None) if None not in found else ()


def _few() -> deque[Ended]:
    return deque(maxlen=MAX_ENDED)


def _number(text: str) -> float | None:
    if (ratio := _RATIO.fullmatch(text.strip())) and int(ratio[2]):
        return int(ratio[1]) / int(ratio[2])
    found = _NUMBER.findall(text)
    return float(found[-1]) if found else None


def _within(kept: OrderedDict[_K, _V], key: _K, most: int, make: Callable[[], _V]) -> _V:
    """The value of a key, made if there is none; the key that was used least lately goes."""
    if key not in kept:
        kept[key] = make()
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
    return kept[key]
