"""How sections share the height of a terminal."""

from __future__ import annotations

from rich.text import Text

from controller.cli.live.section import Section, fitted


def section(name: str, blocks: int, rank: int, least: int = 1, size: int = 1) -> Section:
    lines = [[Text(f"{name}{i}")] * size for i in range(blocks)]
    return Section(Text(name.upper()), lines, rank, least)


def plain(sections: list[Section], height: int) -> list[str]:
    return [line.plain for line in fitted(sections, height, 40)]


def test_all_of_it_where_there_is_room() -> None:
    found = plain([section("a", 2, 0), section("b", 1, 1)], 20)
    assert found == ["", "A", "a0", "a1", "", "B", "b0"]


def test_the_lower_rank_gets_its_lines_first() -> None:
    both = [section("a", 9, 1), section("b", 2, 0)]
    assert plain(both, 8) == ["", "A   7 more", "a0", "a1", "", "B", "b0", "b1"]


def test_a_section_without_room_is_left_out() -> None:
    assert plain([section("a", 5, 1), section("b", 5, 0)], 4) == ["", "B   3 more", "b0", "b1"]
    assert plain([section("a", 5, 1)], 2) == []


def test_empty_sections_are_left_out() -> None:
    assert plain([section("a", 0, 0)], 9) == []


def test_a_block_is_shown_whole() -> None:
    found = plain([section("a", 3, 0, size=2)], 5)
    assert found == ["", "A   2 more", "a0", "a0"]


def test_the_first_block_is_shown_in_part() -> None:
    assert plain([section("a", 1, 0, size=9)], 5) == ["", "A", "a0", "a0", "a0"]
