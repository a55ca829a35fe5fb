"""The list of planted faults is true: each is in the code as it stands, and the script reports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from hack.mutations import __main__ as script
from hack.mutations import run, tree
from hack.mutations.fault import Fault
from hack.mutations.faults import FAULTS

SUM = "def add(a: int, b: int) -> int:\n    return a + b\n"
TEST = "from calc import add\n\n\ndef test_add() -> None:\n    assert add(2, 2) == 4\n"


def sums(new: str) -> Fault:
    """A fault in the little tree."""
    return Fault("calc.py", "return a + b", new, "It does not add.", ("test_calc.py",))


@pytest.fixture
def little(tmp_path: Path) -> Path:
    """A tree of one module and its tests."""
    (tmp_path / "calc.py").write_text(SUM)
    (tmp_path / "test_calc.py").write_text(TEST)
    return tmp_path


@pytest.mark.parametrize("number", range(1, len(FAULTS) + 1))
def test_a_fault_is_in_the_code_as_it_stands(number: int) -> None:
    fault = FAULTS[number - 1]
    text = (tree.ROOT / fault.file).read_text(encoding="utf-8")
    planted = fault.planted(text)
    assert ast.dump(ast.parse(planted)) != ast.dump(ast.parse(text)), "it must change the code"
    assert fault.tests
    for test in fault.tests:
        path, _, name = test.partition("::")
        assert (tree.ROOT / path).exists(), f"{test} is not there"
        assert f"def {name}(" in (tree.ROOT / path).read_text("utf-8") if name else True, test


def test_at_least_thirty_faults_in_all_rooms_of_the_core_and_in_the_shell() -> None:
    folders = {str(Path(fault.file).parent) for fault in FAULTS}
    rooms = {path.parent for path in (tree.ROOT / "controller/core").glob("*/__init__.py")}
    assert {str(room.relative_to(tree.ROOT)) for room in rooms} <= folders
    assert "controller/reconcile" in folders
    assert len(FAULTS) >= 30
    assert len({(fault.file, fault.old) for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("text", ["", SUM + SUM])
def test_code_that_is_not_there_exactly_once_is_refused(little: Path, text: str) -> None:
    (little / "calc.py").write_text(text)
    with (
        pytest.raises(ValueError, match=r"occurs (nowhere|2 times), not once"),
        tree.planted(little, sums("return a - b")),
    ):
        pass
    assert (little / "calc.py").read_text() == text


def test_a_fault_is_planted_and_taken_out_again(little: Path) -> None:
    before = (little / "calc.py").stat().st_mtime_ns
    with tree.planted(little, sums("return a - b")):
        assert "a - b" in (little / "calc.py").read_text()
        assert (little / "calc.py").stat().st_mtime_ns != before
    assert (little / "calc.py").read_text() == SUM
    assert (little / "calc.py").stat().st_mtime_ns == before


def test_a_fault_that_keeps_the_tests_from_running_is_not_caught(little: Path) -> None:
    with pytest.raises(run.BrokenError):
        run.tried(little, sums("return a +"), sums("").tests)


def test_the_script_says_which_fault_survives(
    little: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tree, "ROOT", little)
    monkeypatch.setattr(script, "FAULTS", (sums("return a - b"), sums("return a * b")))
    assert script.main(["--workers", "1"]) == 1
    said = capsys.readouterr().out
    assert "caught by test_calc.py::test_add" in said
    assert "SURVIVED" in said
    assert "2 faults, 1 caught" in said
    assert "not caught: 2, calc.py: It does not add." in said


def test_a_list_that_is_not_true_any_more_is_refused(
    little: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tree, "ROOT", little)
    monkeypatch.setattr(script, "FAULTS", (sums("return a - b"), Fault("calc.py", "x", "", "", ())))
    assert script.main([]) == 1
    assert "fault 2: calc.py: 'x' occurs nowhere, not once" in capsys.readouterr().err
