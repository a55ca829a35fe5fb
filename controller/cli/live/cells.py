"""The instances of an Update as a grid of symbols that always fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from rich.text import Text

from controller.api.ids import Ids
from controller.api.update import Update
from controller.cli.live.looks import MARKS
from controller.cli.live.text import DIM
from controller.view.updates import SYMBOLS, Mark, marked

TENS: Final = 10
#: How many instances one symbol stands for, if they do not fit one by one.
SCALES: Final = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
#: A symbol of several instances is that of the first of these states that one of them has.
WORST: Final = (Mark.ROLLBACK_FAILED, Mark.FAILED, Mark.ROLLING_BACK, Mark.UPDATING)
#: The order of the legend: what is done, what moves, what remains.
ORDER: Final = (
    Mark.ROLLED_BACK,
    Mark.ROLLBACK_FAILED,
    Mark.ROLLING_BACK,
    Mark.UPDATED,
    Mark.FAILED,
    Mark.UPDATING,
    Mark.PENDING,
)
_GAP: Final = "   "


@dataclass(frozen=True)
class Marks:
    """The states of the instances in the order of their ids.

    Ids are kept as sets of bits: a dict of 10,000 instances, made and counted in each frame, would
    keep half a core busy. ``digits``: of each state, a string with a "1" for each instance that has
    it.
    """

    ids: Sequence[int]
    sets: Mapping[Mark, Ids]
    digits: Mapping[Mark, str]

    @classmethod
    def of(cls, update: Update) -> Self:
        sets, whole = marked(update), Ids()
        for each in sets.values():
            whole |= each
        first, top = next(iter(whole), 0), whole.top()
        digits = {mark: _digits(each, top + 1) for mark, each in sets.items()}
        if len(whole) == top + 1 - first:
            digits = {mark: text[first:] for mark, text in digits.items()}
            return cls(range(first, top + 1), sets, digits)
        known = _digits(whole, top + 1)
        digits = {
            mark: "".join(digit for digit, yes in zip(text, known, strict=True) if yes == "1")
            for mark, text in digits.items()
        }
        return cls(list(whole), sets, digits)

    def __len__(self) -> int:
        return len(self.ids)

    def between(self, start: int, stop: int) -> list[Mark]:
        """The states that occur among the instances at these places."""
        return [mark for mark, text in self.digits.items() if "1" in text[start:stop]]


def _digits(ids: Ids, length: int) -> str:
    return f"{ids.bits:b}"[::-1].ljust(length, "0")


def cells(marks: Marks, width: int, height: int) -> list[Text]:
    """The grid in at most ``height`` lines. Few instances are shown with their ids, many one by
    one, very many with one symbol for several."""
    if not marks:
        return []
    return _with_ids(marks, width, min(height, 2)) or _grid(marks, width, height)


def legend(marks: Marks, width: int, height: int, rest: str = "") -> list[Text]:
    """Each state that occurs, with the number of its instances, for `cells` of the same size.
    ``rest``: what the pending ones are called, if not so."""
    parts = []
    for mark in ORDER:
        if ids := marks.sets.get(mark):
            words = rest if rest and mark is Mark.PENDING else str(mark)
            parts.append(Text.assemble((SYMBOLS[mark], MARKS[mark]), f" {len(ids)} {words}"))
    scale = scale_of(len(marks), width, height)
    if scale > 1:
        parts.append(Text(f"one symbol: {scale} instances", DIM))
    lines = [Text()]
    for part in parts:
        if lines[-1] and lines[-1].cell_len + len(_GAP) + part.cell_len > width:
            lines.append(Text())
        lines[-1].append(_GAP if lines[-1] else "").append_text(part)
    return lines


def scale_of(count: int, width: int, height: int) -> int:
    """How many instances one symbol stands for."""
    across = _across(count, width)
    fitting = (scale for scale in SCALES if -(-count // scale) <= across * max(1, height))
    return next(fitting, SCALES[-1])


def _with_ids(marks: Marks, width: int, height: int) -> list[Text]:
    """Symbols with ids, such as ``● 12``; [] if they do not fit."""
    digits = len(str(marks.ids[-1]))
    size = digits + 4
    across = max(1, (width + 2) // size)
    if len(marks) > across * height:
        return []
    # Rows of equal length look better than a full one and a rest.
    rows = -(-len(marks) // across)
    across = -(-len(marks) // rows)
    lines = [Text() for _ in range(rows)]
    for at, i in enumerate(marks.ids):
        (mark,) = marks.between(at, at + 1)
        gap = "" if at % across == 0 else "  "
        lines[at // across].append(gap).append(SYMBOLS[mark], MARKS[mark])
        lines[at // across].append(f" {i}".ljust(digits + 1), _id_style(mark))
    return lines


def _id_style(mark: Mark) -> str:
    return DIM if mark in (Mark.PENDING, Mark.UPDATED, Mark.ROLLED_BACK) else MARKS[mark]


def _grid(marks: Marks, width: int, height: int) -> list[Text]:
    scale, across = scale_of(len(marks), width, height), _across(len(marks), width)
    digits = len(str(marks.ids[-1]))
    lines = []
    for start in range(0, len(marks), across * scale):
        stop = min(start + across * scale, len(marks))
        line = Text(f"{marks.ids[start]:>{digits}} ", DIM)
        for number, at in enumerate(range(start, stop, scale)):
            mark = together(marks.between(at, min(at + scale, stop)))
            line.append(" " if number and number % TENS == 0 else "")
            line.append(SYMBOLS[mark], MARKS[mark])
        line.append(f" {marks.ids[stop - 1]}", DIM)
        lines.append(line)
    return lines


def _across(count: int, width: int) -> int:
    """How many symbols one row has: whole tens, and not more than 100."""
    digits = len(str(max(count - 1, 0))) + 1
    tens = (width - 2 * digits + 1) // (TENS + 1)
    return TENS * (10 if tens >= 10 else 5 if tens >= 5 else max(1, tens))


def together(marks: Sequence[Mark]) -> Mark:
    """The state that stands for those of several instances: the worst; if they are half done, that
    of the ones that move."""
    if len(marks) == 1:
        return marks[0]
    halfway = Mark.ROLLING_BACK if Mark.ROLLED_BACK in marks else Mark.UPDATING
    return next((mark for mark in WORST if mark in marks), halfway)
