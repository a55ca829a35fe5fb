"""Parts of a picture with a title, and how they share the lines that there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from controller.cli.live.text import DIM, cut


@dataclass(frozen=True)
class Section:
    """``blocks``: the most important first; one is shown whole or, if it is the first, in part.
    ``rank``: sections of a lower rank get their lines first. ``least``: blocks that it gets before
    others get more."""

    title: Text
    blocks: Sequence[Sequence[Text]]
    rank: int
    least: int = 1

    def lines(self, height: int, width: int) -> list[Text]:
        """Title and blocks in at most ``height`` lines; says how many blocks are left out."""
        if height < 2 or not self.blocks:
            return []
        shown: list[Text] = []
        count = 0
        for block in self.blocks:
            room = height - 1 - len(shown)
            if len(block) > room and shown:
                break
            shown.extend(block[:room])
            count += 1
        title = self.title.copy()
        if more := len(self.blocks) - count:
            title.append(f"   {more} more", DIM)
        return [cut(line, width) for line in (title, *shown)]

    @property
    def smallest(self) -> int:
        """Lines that it needs to be worth showing."""
        return 1 + sum(len(block) for block in self.blocks[: self.least])

    @property
    def full(self) -> int:
        return 1 + sum(len(block) for block in self.blocks)


def fitted(sections: Sequence[Section], height: int, width: int) -> list[Text]:
    """The sections in their order, with empty lines between them, in at most ``height`` lines."""
    wanted = [section for section in sections if section.blocks]
    sizes = dict.fromkeys(range(len(wanted)), 0)
    left = height
    by_rank = sorted(range(len(wanted)), key=lambda i: wanted[i].rank)
    for i in by_rank:
        need = wanted[i].smallest + 1  # an empty line above
        if left >= 3:
            sizes[i] = min(need, left) - 1
            left -= sizes[i] + 1
    for i in by_rank:
        if sizes[i]:
            more = min(left, wanted[i].full - sizes[i])
            sizes[i] += more
            left -= more
    found: list[Text] = []
    for i, section in enumerate(wanted):
        if lines := section.lines(sizes[i], width):
            found += [Text(), *lines]
    return found
