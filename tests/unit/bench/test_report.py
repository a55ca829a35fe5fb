"""The document, the picture and the command, made from what was measured."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from hack.bench import markdown, plot
from hack.bench.__main__ import _parser, command
from hack.bench.report import latest


def result(scenario: str, seconds: float, note: str = "") -> dict[str, Any]:
    def turn(value: float) -> dict[str, Any]:
        return {"seconds": value, "cpu": value / 4, "peak_mb": 90.0, "replaced": 10, "down": 4,
                "writes": {"create pods": 20, "patch leases": 3}, "reactions": [0.01]}  # fmt: skip

    figure = {"scenario": scenario, "what": "seconds ÷ floor", "value": seconds / 2, "unit": "×",
              "limit": 1.1, "met": seconds / 2 <= 1.1, "note": note}  # fmt: skip
    return {
        "scenario": scenario,
        "what": "10 pods",
        "figures": [figure],
        "turns": {"echelon": [turn(seconds)], "floor": [turn(2.0)], "argo": []},
        "skipped": {"cloneset": "KRUISE_MANAGER_BIN must be set"},
    }


def report(*results: dict[str, Any], at: str = "2026-01-01T00:00:00+00:00") -> dict[str, Any]:
    return {"at": at, "command": "make bench", "loadBefore": 0.1,
            "machine": {"cores": "2"}, "results": list(results)}  # fmt: skip


def test_the_last_result_of_a_scenario_counts() -> None:
    old, new = report(result("recreate", 9.0), result("surge", 5.0)), report(result("recreate", 2))
    seconds = {r["scenario"]: r["turns"]["echelon"][0]["seconds"] for _, r in latest([old, new])}
    assert seconds == {"recreate": 2, "surge": 5.0}


def test_the_tables_tell_ratios_writes_and_whether_a_target_was_met() -> None:
    text = markdown.render([report(result("recreate", 3.0, note="a|b"))])
    assert (
        "| recreate: 10 pods | echelon | 3.00 (3.00–3.00) | 1.50 | 0.75 (0.75–0.75) | 1.5" in text
    )
    assert "| 2.00 | 4 | 10, 10 | 1 |" in text
    assert "| 1.50 × | ≤ 1.10 | missed | a\\|b |" in text
    assert "cloneset: KRUISE_MANAGER_BIN must be set (recreate)" in text


def test_figures_replace_only_what_is_between_the_marks(tmp_path: Path) -> None:
    path = tmp_path / "doc.md"
    path.write_text(f"before\n{markdown.BEGIN}\nold\n{markdown.END}\nafter\n")
    for text in ("one\n", "two\n"):
        markdown.insert(path, text)
    assert path.read_text() == f"before\n{markdown.BEGIN}\n\ntwo\n\n{markdown.END}\nafter\n"


def test_a_document_without_marks_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "doc.md"
    path.write_text("text")
    with pytest.raises(markdown.DocumentError, match="has no lines"):
        markdown.insert(path, "figures")
    assert path.read_text() == "text"


def test_the_picture_shows_a_bar_for_each_contestant() -> None:
    picture = plot.svg([report(result("recreate", 3.0), result("surge", 2.5))])
    assert picture is not None
    root = ET.fromstring(picture)
    bars = [each for each in root.iter() if each.get("height") == "13"]
    widths = [float(bar.get("width", "0")) for bar in bars]
    assert len(bars) == 2
    assert widths[0] / widths[1] == pytest.approx(3.0 / 2.5, rel=0.01)
    assert "prefers-color-scheme: dark" in picture


def test_without_a_floor_there_is_no_picture() -> None:
    alone = result("recreate", 3.0)
    del alone["turns"]["floor"]
    assert plot.svg([report(alone)]) is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--json=x"], "make bench"),
        (["--smoke", "--no-targets"], "make bench SMOKE=1"),
        (
            ["recreate", "--rounds=2", "--contestants=echelon,floor", "--document=x"],
            "make bench ARGS='recreate --contestants echelon,floor --rounds 2'",
        ),
    ],
)
def test_the_command_says_how_to_measure_again(arguments: list[str], expected: str) -> None:
    assert command(_parser().parse_args(arguments)) == expected
