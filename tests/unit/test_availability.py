"""The tables that say what happens name tests that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack import availability

HEAD = "| component | failure | test |\n|---|---|---|\n"


def test_the_documents_name_tests_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert availability.main() == 0, capsys.readouterr().err


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(
        "def test_one(): ...\n\nclass TestIt:\n    async def test_two(self): ...\n"
    )
    return tmp_path


def test_a_row_with_its_test_passes(tree: Path) -> None:
    text = (
        HEAD + "| a | b | `tests/test_it.py::test_one` |\n| c | d | tests/test_it.py::test_two |\n"
    )
    assert list(availability.problems(text, tree)) == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("| a | b | |", "3: the row names no test: a, b"),
        ("| a | b | by hand |", "3: the row names no test: a, b"),
        ("| a | b | tests/test_it.py::test_three |", "3: there is no test tests/test_it.py::test_"),
        ("| a | b | tests/test_no.py::test_one |", "3: there is no test tests/test_no.py::test_o"),
    ],
)
def test_a_row_without_one_is_refused(tree: Path, row: str, said: str) -> None:
    (found,) = availability.problems(HEAD + row, tree)
    assert found.startswith(said)


def test_other_tables_need_none_and_a_document_needs_one(tree: Path) -> None:
    other = "| actor | reach |\n|---|---|\n| a | b |\n"
    assert list(availability.problems(other, tree)) == ["1: no table has a column *test*"]
    text = other + "\n" + HEAD + "| a | b | tests/test_it.py::test_one |\n"
    assert list(availability.problems(text, tree)) == []
