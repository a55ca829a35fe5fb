"""Differences as lines."""

from __future__ import annotations

from typing import Any

import pytest

from controller.core.revisions.compare import compare
from controller.view.difference import MAX_LINE, Line, lines, text


def of(old: dict[str, Any], new: dict[str, Any]) -> list[Line]:
    return lines(compare(old, new))


def test_short_values_have_one_line_each() -> None:
    assert of({"image": "web:1", "gone": 1}, {"image": "web:2", "new": [1, "a"]}) == [
        ("-", "gone: 1"),
        ("-", "image: web:1"),
        ("+", "image: web:2"),
        ("+", 'new: [1, "a"]'),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("web:1", "web:1"),
        ("8080", '"8080"'),
        (8080, "8080"),
        ("true", '"true"'),
        (True, "true"),
        ("", '""'),
        (" a", '" a"'),
        ("a\tb", '"a\\tb"'),
        ("\x1b[31m", '"\\u001b[31m"'),
        ("\u202eabc", '"\\u202eabc"'),
        ({"é": 1}, '{"é": 1}'),
        ({"a": "\x9b"}, '{"a": "\\x9b"}'),
        (None, "null"),
    ],
)
def test_a_value_on_one_line(value: object, shown: str) -> None:
    assert text(value) == shown


def test_of_a_long_text_the_lines_that_differ_are_shown() -> None:
    old = "".join(f"line {i} of a configuration\n" for i in range(20))
    found = of({"args": ["run", old]}, {"args": ["run", old.replace("line 9", "LINE 9")]})
    assert found[0] == (" ", "args:")
    assert [line for line in found if line[0] != " "] == [
        ("-", "    line 9 of a configuration"),
        ("+", "    LINE 9 of a configuration"),
    ]
    assert len(found) == 1 + 2 + 2 + 2


def test_a_last_line_without_its_end_is_a_difference() -> None:
    old = "a line of some length that does not fit\n" * 4
    assert [line for line in of({"a": old}, {"a": old[:-1]}) if line[0] != " "] == [("-", "  ")]


def test_a_long_line_is_shown_around_its_difference() -> None:
    found = of({"a": "x" * 900 + "old" + "y" * 900}, {"a": "x" * 900 + "new" + "y" * 900})
    (_, old), (_, new) = found[1:]
    assert "xold" in old
    assert "xnew" in new
    assert len(old) < MAX_LINE + 10


def test_a_new_block_is_written_as_yaml() -> None:
    side = {"name": "side", "image": "a-registry.example/a/long/name:1", "args": ["x" * 60]}
    found = of({"containers": []}, {"containers": [side]})
    assert found[:2] == [("+", "containers[side]:"), ("+", "  args:")]
    assert {sign for sign, _ in found} == {"+"}


def test_no_line_steers_a_terminal() -> None:
    found = of({"a": "safe\n" * 30}, {"a": "safe\n" * 30 + "\x1b[2Jgone"})
    assert ("+", "  \\x1b[2Jgone") in found
