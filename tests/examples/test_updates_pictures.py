"""The pictures of docs/updates.md match the phases of the state machine and the strategies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import pytest

from controller.api.ids import NONE, Ids
from controller.api.policy import StrategyType
from controller.api.update import ACTIVE, BACKWARD, FORWARD, Phase
from controller.core.rollout import order, strategy
from controller.core.rollout.phases import legal
from hack.demo.stage import ROOT

TEXT = (ROOT / "docs" / "updates.md").read_text()
BOXES = {"Forward": FORWARD, "Back": BACKWARD}


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


# Phases.


def arrows() -> Iterator[tuple[Phase, Phase]]:
    """Every transition of the diagram; an arrow at a box is one transition per phase in the box."""
    (diagram,) = blocks("mermaid")
    for line in diagram.splitlines():
        if found := re.fullmatch(r"\s*(.+?) (<?-->) (.+)", line):
            sources, kind, targets = found.groups()
            for source in phases(sources):
                for target in phases(targets):
                    yield source, target
                    if kind == "<-->":
                        yield target, source


def phases(names: str) -> list[Phase]:
    return [p for name in names.split(" & ") for p in sorted(BOXES.get(name) or [Phase(name)])]


def test_the_diagram_is_the_state_machine() -> None:
    drawn = list(arrows())
    assert len(drawn) == len(set(drawn)), "an arrow is drawn twice"
    possible = {(a, b) for a in Phase for b in Phase if legal(a, b)}
    assert set(drawn) == possible
    auroras = {(a, b) for a, b in drawn if a in ACTIVE and b is not Phase.SUPERSEDED}
    assert len(auroras) == 31


def test_the_boxes_hold_their_phases() -> None:
    (diagram,) = blocks("mermaid")
    boxes = re.findall(r"subgraph (\w+)\n(.*?)\n  end", diagram, re.DOTALL)
    assert {name: {Phase(word) for word in re.findall(r"\w+", text)} for name, text in boxes} == {
        name: set(held) for name, held in BOXES.items()
    }


# Batches.

KINDS = "|".join(StrategyType)
SEVEN = re.compile(rf"^({KINDS}), sizes? (\S.*?)(, autoPause)? {{3,}}(\d.*?) {{3,}}(\d.*?)$", re.M)


@pytest.mark.parametrize("line", [m[0] for m in SEVEN.finditer(TEXT)], ids=lambda s: s[:34].strip())
def test_the_batches_of_seven(line: str) -> None:
    found = SEVEN.fullmatch(line)
    assert found
    kind, sizes, pauses, *drawn = found.groups()
    numbers = tuple(int(n) for n in re.findall(r"\d+", sizes))
    for backward, picture in zip((False, True), drawn, strict=True):
        mark = "‖" if pauses and not backward else "|"
        expected = list(groups(StrategyType(kind), numbers, 7, backward=backward))
        if kind == StrategyType.QUEUE:
            assert picture.split() == [str(i) for group in expected for i in group]
        else:
            assert picture == f" {mark} ".join(" ".join(map(str, group)) for group in expected)


def test_each_strategy_is_shown() -> None:
    assert {m[1] for m in SEVEN.finditer(TEXT)} == {str(kind) for kind in StrategyType}
    assert any(m[3] for m in SEVEN.finditer(TEXT)), "a row with autoPause"


def groups(
    kind: StrategyType, sizes: tuple[int, ...], total: int, *, backward: bool = False
) -> Iterator[list[int]]:
    """The batches of an update that changes ``total`` available instances."""
    ids = Ids.span(0, total)
    turn = order.backward if backward else order.forward
    waiting = turn(NONE, ids, NONE, NONE)
    for size in strategy.group_sizes(kind, sizes, total, backward=backward):
        yield list(islice(waiting, size))


# Time.


def charts() -> dict[str, dict[int, tuple[int, int]]]:
    """Strategy -> instance -> columns where its bar begins and ends."""
    picture = next(block for block in blocks("text") if "size 2   " in block)
    head, _, *rows = picture.splitlines()
    starts = [m.start() for m in re.finditer(r"\S.*?(?= {3,}|$)", head)]
    names = re.split(r" {3,}", head)
    found: dict[str, dict[int, tuple[int, int]]] = {name: {} for name in names}
    for row in rows:
        for start, end, name in zip(starts, [*starts[1:], None], names, strict=True):
            instance, bar = row[start:end].split(" ", 1)
            begin = len(bar) - len(bar.lstrip())
            found[name][int(instance)] = (begin, len(bar.rstrip()))
    return found


@pytest.mark.parametrize("name", charts())
def test_who_starts_when(name: str) -> None:
    bars = charts()[name]
    kind = StrategyType(name.partition(",")[0])
    sizes = tuple(int(n) for n in re.findall(r"\d+", name))
    assert sorted(bars) == list(range(6))
    if kind is StrategyType.QUEUE:
        for instance, (begin, _) in bars.items():
            ended = sorted(end for i, (_, end) in bars.items() if i < instance)
            free = len(ended) - sizes[0]
            assert begin == (ended[free] if free >= 0 else 0)
        return
    begun = 0
    for batch in groups(kind, sizes, 6):
        assert {bars[i][0] for i in batch} == {begun}
        begun = max(bars[i][1] for i in batch)
