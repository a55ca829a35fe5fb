"""Differences as the terminal shows them."""

from __future__ import annotations

import pytest

from controller.api.ids import Ids
from controller.cli import diffs
from controller.core.revisions.compare import compare
from controller.view.configurations import Change

IMAGE = compare({"image": "web:1"}, {"image": "web:2"})


def test_each_group_has_a_head_and_its_differences() -> None:
    found = diffs.of_changes(
        [
            Change(Ids(range(3)), "web-a", "web-c", IMAGE),
            Change(Ids([7]), "web-b", "web-c", (), known=False),
            Change(Ids([5, 6]), "web-b", "web-c", (), relabels=True),
            Change(Ids([8]), "", "web-c", ()),
            Change(Ids([9, 10]), "web-a", "", ()),
        ]
    )
    assert found.plain.splitlines() == [
        "instances 0-2 (3)  web-a → web-c",
        "  - image: web:1",
        "  + image: web:2",
        "instance 7  web-b → web-c",
        "  revision web-b is gone: what differs cannot be told",
        "instances 5-6  web-b → web-c",
        "  other labels only: their pods stay as they are",
        "new instance 8  web-c",
        "removed instances 9-10  web-a",
    ]


def test_colours() -> None:
    found = diffs.of_differences(IMAGE)
    styles = {found.plain[span.start : span.end].strip(): span.style for span in found.spans}
    assert styles == {"- image: web:1": "red", "+ image: web:2": "green"}


def test_many_ids_are_cut() -> None:
    change = Change(Ids(range(0, 2000, 2)), "web-a", "web-b", IMAGE)
    head = diffs.of_changes([change]).plain.splitlines()[0]
    assert head.startswith("instances 0,2,4,")
    assert head.endswith("… (1000)  web-a → web-b")
    assert len(head) < 110


def test_no_colour_where_nobody_sees_it(capsys: pytest.CaptureFixture[str]) -> None:
    diffs.show(diffs.of_differences(IMAGE))
    assert capsys.readouterr().out == "  - image: web:1\n  + image: web:2\n"


def test_nothing_is_printed_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    diffs.show(diffs.of_changes([]))
    assert capsys.readouterr().out == ""
