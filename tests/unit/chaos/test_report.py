"""Rows, reports and the table of the document."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.bench.markdown import DocumentError
from hack.chaos import document, report
from hack.chaos.row import Row


def a_report(**parts: list[Row]) -> report.Report:
    made = report.begin("make chaos", 7)
    for name, rows in parts.items():
        report.add(made, name, rows, 1.5)
    return made


def test_quantiles_are_times_that_were_measured() -> None:
    row = Row("a", "b", tried=4, seconds=[4.0, 1.0, 3.0, 2.0])
    assert [row.quantile(p) for p in (50, 99, 100)] == [2.0, 4.0, 4.0]
    assert Row("a", "b").quantile(50) is None


def test_a_row_is_good_only_if_it_was_tried_and_nothing_was_broken_or_late() -> None:
    assert Row("a", "b", tried=1, seconds=[1.0], limit=1.0).good
    assert not Row("a", "b").good
    assert not Row("a", "b", tried=1, broken=["two live pods"]).good
    assert not Row("a", "b", tried=2, seconds=[1.0, 1.1], limit=1.0).good


def test_a_report_comes_back_from_its_file(tmp_path: Path) -> None:
    made = a_report(kill=[Row("update", "kill -9 after a write", 3, ["x"], [0.5], 2.0, "n")])
    report.write(made, tmp_path / "r.json")
    again = report.read(tmp_path / "r.json")
    assert report.latest([again]) == report.latest([made])
    assert list(tmp_path.iterdir()) == [tmp_path / "r.json"]


def test_the_last_report_of_a_part_counts() -> None:
    old, new = a_report(a=[Row("s", "f", 1)], b=[Row("s", "f", 2)]), a_report(a=[Row("s", "f", 3)])
    assert {name: rows[0].tried for name, rows in report.latest([old, new]).items()} == {
        "a": 3,
        "b": 2,
    }


def test_the_table_stands_between_the_marks(tmp_path: Path) -> None:
    rows = [
        Row("update", "kill -9 before a write", 30, [], [0.4, 0.6]),
        Row("update", "kill -9 after a write", 31, ["x"], [0.5]),
        Row("two replicas", "SIGTERM", 50, [], [0.2, 1.2], 1.0),
    ]
    path = tmp_path / "chaos.md"
    path.write_text(f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n")
    document.insert(path, document.render([a_report(kill=rows)]))
    text = path.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "111 tries, 61 of them kill points; 1 invariants broken; 1 recoveries later" in text
    assert "|  | kill -9 after a write | 31 | 1 | 0.50 | 0.50 | 0.50 |  |  |" in text
    assert "| two replicas | SIGTERM | 50 | 0 | 0.20 | 1.20 | 1.20 | 1 |  |" in text


def test_what_new_results_do_not_replace_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "chaos.md"
    path.write_text(f"{document.BEGIN}\n{document.END}\n")
    old = [
        Row("update", "kill -9 after a write", 30, ["x"], [0.4]),
        Row("update", "kill -9 before a write", 1000, [], [0.6]),
        Row("two replicas", "SIGTERM", 50, [], [0.2, 1.2], 1.0, "Lease of 3 s"),
    ]
    document.insert(path, document.render([a_report(all=old)]))
    assert document.render([], document.kept(path)) in path.read_text()
    new = [Row("update", "kill -9 after a write", 40), Row("drain", "kill -9 after a write", 7)]
    again = report.begin("make chaos ARGS=kill-drain", 8)
    report.add(again, "kill-drain", new, 2)
    text = document.render([again], document.kept(path))
    assert "| update | kill -9 after a write | 40 | 0 |" in text
    assert "|  | kill -9 before a write | 1,000 | 0 | 0.60 | 0.60 | 0.60 |  |  |" in text
    assert "| two replicas | SIGTERM | 50 | 0 | 0.20 | 1.20 | 1.20 | 1 | Lease of 3 s |" in text
    assert text.endswith("| drain | kill -9 after a write | 7 | 0 |  |  |  |  |  |\n")
    assert "1,097 tries, 1,047 of them kill points; 0 invariants broken; 1 recoveries" in text
    assert [line.partition("`,")[0] for line in text.splitlines() if line.startswith("- ")] == [
        "- `make chaos",
        "- `make chaos ARGS=kill-drain",
    ]
    document.insert(path, text)
    assert document.render([again], document.kept(path)) == text, "to say it again adds nothing"


def test_a_document_without_marks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chaos.md"
    path.write_text("nothing")
    with pytest.raises(DocumentError):
        document.insert(path, "text")
