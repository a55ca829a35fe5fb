"""The grid of instances."""

from __future__ import annotations

import pytest

from controller.cli.live.cells import Marks, cells, legend, scale_of, together
from controller.view.updates import Mark
from tests.unit.cli.live.objects import update
from tests.unit.cli.live.scenes import large


def plain(marks: Marks, width: int = 80, height: int = 5) -> list[str]:
    return [line.plain.rstrip() for line in cells(marks, width, height)]


def words(marks: Marks, width: int = 80, height: int = 5, rest: str = "") -> list[str]:
    return [line.plain for line in legend(marks, width, height, rest)]


def test_few_instances_have_their_ids() -> None:
    marks = Marks.of(update(instances=4, sets={"updated": "0", "updating": "1", "failed": "2"}))
    assert plain(marks) == ["● 0  ◐ 1  ✗ 2  · 3"]
    assert words(marks) == ["● 1 updated   ✗ 1 failed   ◐ 1 updating   · 1 pending"]


def test_two_rows_are_of_the_same_length() -> None:
    marks = Marks.of(update(instances=24))
    rows = plain(marks)
    assert [row.count("·") for row in rows] == [12, 12]
    assert rows[1].startswith("· 12")


def test_a_canary_shows_its_own_ids() -> None:
    marks = Marks.of(update(instances=90, sets={"updated": "7"}, spec={"instances": "7,40-41"}))
    assert plain(marks) == ["● 7   · 40  · 41"]


def test_many_instances_are_shown_one_by_one_in_tens() -> None:
    marks = Marks.of(update(instances=100, sets={"updated": "0-9", "updating": "10-11"}))
    tens = "·" * 10
    assert plain(marks) == [
        f" 0 ●●●●●●●●●● ◐◐········ {tens} {tens} {tens} 49",
        f"50 {tens} {tens} {tens} {tens} {tens} 99",
    ]


def test_a_wide_terminal_has_a_hundred_in_a_row() -> None:
    rows = plain(Marks.of(update(instances=1000)), 120, 12)
    assert len(rows) == 10
    assert rows[1].startswith("100 ")
    assert rows[1].endswith(" 199")


def test_one_symbol_stands_for_several_where_they_do_not_fit() -> None:
    marks = Marks.of(large(1000).update)
    rows = plain(marks)
    assert len(rows) <= 5
    assert rows[0].startswith("  0 ●●●✗●"), "instance 17 has failed"
    assert rows[-1].endswith(" 999")
    assert words(marks)[-1].endswith("one symbol: 5 instances")


@pytest.mark.parametrize("count", [1, 2, 9, 31, 101, 999, 1000, 1001, 4096, 9_999, 10_000])
@pytest.mark.parametrize(("width", "height"), [(20, 1), (40, 2), (79, 5), (120, 12)])
def test_it_always_fits(count: int, width: int, height: int) -> None:
    marks = Marks.of(update(instances=count, sets={"updated": f"0-{count // 2}"}))
    rows = cells(marks, width, height)
    assert 1 <= len(rows) <= height
    assert max(row.cell_len for row in rows) <= max(width, 22)
    shown = sum(row.plain.count(symbol) for row in rows for symbol in "●◐·")
    assert shown >= count / scale_of(count, width, height)


def test_a_sparse_range_has_no_holes() -> None:
    odd = ",".join(str(i) for i in range(1, 400, 2))
    marks = Marks.of(update(instances=400, sets={"updated": "1,3,5"}, spec={"instances": odd}))
    rows = plain(marks)
    assert rows[0].startswith("  1 ●●●·······")
    assert rows[-1].endswith(" 399")
    assert words(marks) == ["● 3 updated   · 197 pending"]


def test_what_a_rollback_does_not_touch_is_not_pending() -> None:
    marks = Marks.of(update("RollingBack", 4, sets={"rolledBack": "0", "rollingBack": "1"}))
    assert words(marks, rest="not touched") == [
        "○ 1 rolled back   ◑ 1 rolling back   · 2 not touched"
    ]


def test_the_legend_wraps() -> None:
    sets = {"rolledBack": "0", "rollingBack": "1", "updated": "2", "rollbackFailed": "3"}
    found = words(Marks.of(update("RollingBack", 9, sets=sets)), 40)
    assert len(found) == 3
    assert max(map(len, found)) <= 40


@pytest.mark.parametrize(
    ("marks", "mark"),
    [
        ([Mark.UPDATED], Mark.UPDATED),
        ([Mark.UPDATED, Mark.PENDING], Mark.UPDATING),
        ([Mark.UPDATED, Mark.PENDING, Mark.FAILED], Mark.FAILED),
        ([Mark.ROLLED_BACK, Mark.UPDATED], Mark.ROLLING_BACK),
        ([Mark.ROLLBACK_FAILED, Mark.FAILED], Mark.ROLLBACK_FAILED),
    ],
)
def test_the_worst_stands_for_all(marks: list[Mark], mark: Mark) -> None:
    assert together(marks) is mark


def test_an_update_that_was_not_admitted_has_no_grid() -> None:
    marks = Marks.of(update("Pending", to=None, from_=[]))
    assert cells(marks, 80, 5) == []
