"""The parts of both forms, and the command line that runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.chaos import __main__ as program
from hack.chaos import report
from hack.chaos.parts import PARTS, chosen, form
from hack.chaos.row import Row
from hack.chaos.scenarios import NAMES


def test_names_are_different() -> None:
    assert len({part.name for part in PARTS}) == len(PARTS)
    assert len(set(NAMES)) == len(NAMES)


def test_the_short_form_takes_at_most_three_minutes() -> None:
    assert sum(part.seconds or 0 for part in form(short=True)) <= 180


def test_each_scenario_is_in_a_part_of_the_long_form() -> None:
    kills = [part for part in form(short=False) if part.name.startswith("kill-")]
    assert "kill" not in [part.name for part in form(short=False)]
    assert sum(part.minutes or 0 for part in kills) == len(NAMES)


def test_parts_are_chosen_by_how_their_names_begin() -> None:
    assert [part.name for part in chosen(["fail", "frozen"], short=True)] == ["failover", "frozen"]
    assert {"kill-create", "kill-update"} <= {p.name for p in chosen(["kill"], short=False)}
    with pytest.raises(KeyError):
        chosen(["nothing"], short=False)


def test_the_list_says_how_long_each_part_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["chaos", "--list"])
        program.main()
    said = capsys.readouterr().out
    assert all(f"  {part.name} " in said for part in PARTS)
    assert "faults" in said


def test_a_document_is_made_of_merged_reports_without_running_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = report.begin("make chaos", 7)
    report.add(made, "frozen", [Row("s", "f", 100)], 6)
    report.write(made, tmp_path / "r.json")
    target = tmp_path / "chaos.md"
    target.write_text(f"{program.document.BEGIN}\n{program.document.END}\n")
    words = ["chaos", "--merge", str(tmp_path / "r.json"), "--document", str(target)]
    monkeypatch.setattr("sys.argv", words)
    program.main()
    assert "| s | f | 100 | 0 |" in target.read_text()
