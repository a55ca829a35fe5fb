"""A terminal as an SVG: text, colours, columns, and the moments of a film."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hack.pictures.svg import CELL, COLOURS, INK, PAD, Moment, svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*lines: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg([Moment(lines, 1.0)], "what is seen", 80))


def texts(root: ElementTree.Element) -> list[ElementTree.Element]:
    return list(root.iter(f"{SVG}text"))


def test_it_needs_nothing_from_elsewhere_and_says_what_is_seen() -> None:
    text = svg([Moment(("a", "b"), 1.0)], 'a "film" & more', 80)
    assert re.findall(r"https?:[^\"]*|url\(|@import|<script|<image", text) == [SVG.strip("{}")]
    root = ElementTree.fromstring(text)
    assert root.attrib["aria-label"] == 'a "film" & more'
    assert root.findtext(f"{SVG}title") == 'a "film" & more'


def test_characters_of_markup_stay_characters() -> None:
    (only,) = texts(drawn("<b> & 'c'"))
    assert only.text == "<b> & 'c'"


def test_runs_of_one_style_stand_in_their_columns() -> None:
    first, second = texts(drawn("ab \x1b[1;31mcd\x1b[0m"))
    assert (first.text, second.text) == ("ab", "cd")
    assert float(second.attrib["x"]) == round(3 * CELL, 1)
    assert float(second.attrib["textLength"]) == round(2 * CELL, 1)
    assert second.attrib["fill"] == COLOURS[1]
    assert second.attrib["font-weight"] == "bold"
    assert "fill" not in first.attrib
    (rule,) = re.findall(r"^text .*", svg([Moment(("x",), 1.0)], "", 80), re.MULTILINE)
    assert "font" not in rule, "a rule for text would overrule the weight of a run"


def test_wide_characters_take_two_columns() -> None:
    (_, second) = texts(drawn("漢\x1b[32mx"))
    assert float(second.attrib["x"]) == round(2 * CELL, 1)


def test_a_style_lasts_until_it_is_ended() -> None:
    first, second, third = texts(drawn("\x1b[36mone", "two\x1b[39m", "three"))
    assert first.attrib["fill"] == second.attrib["fill"] == COLOURS[6]
    assert "fill" not in third.attrib


def test_reversed_text_has_a_background() -> None:
    root = drawn("\x1b[7mx\x1b[0m")
    background = [each for each in root.iter(f"{SVG}rect") if "rx" not in each.attrib]
    assert [each.attrib["fill"] for each in background] == [INK]


def test_a_line_that_moments_share_is_drawn_once() -> None:
    root = ElementTree.fromstring(
        svg([Moment(("same", "one"), 1.0), Moment(("same", "two"), 1.0)], "", 80)
    )
    assert [each.text for each in texts(root)] == ["same", "one", "two"]
    uses = list(root.iter(f"{SVG}use"))
    assert [each.attrib["href"] for each in uses] == ["#l0", "#l1", "#l0", "#l2"]
    assert [each.attrib["y"] for each in uses[:2]] == [str(PAD), str(PAD + 18)]


def test_without_motion_the_last_moment_is_seen() -> None:
    text = svg([Moment(("one",), 1.0), Moment(("two",), 3.0)], "", 80)
    groups = [
        each for each in ElementTree.fromstring(text).iter(f"{SVG}g") if "class" in each.attrib
    ]
    assert [each.attrib["class"] for each in groups] == ["m past", "m"]
    assert "prefers-reduced-motion" in text


def test_each_moment_is_seen_as_long_as_it_lasted() -> None:
    text = svg([Moment(("one",), 1.0), Moment(("two",), 3.0)], "", 80)
    assert "@keyframes k0{0.00%{visibility:visible}25.00%{visibility:hidden}}" in text
    assert "@keyframes k1{0%{visibility:hidden}25.00%{visibility:visible}}" in text
    assert "4.0s" in text


def test_one_moment_is_no_film() -> None:
    assert "keyframes" not in svg([Moment(("one",), 1.0)], "", 80)
