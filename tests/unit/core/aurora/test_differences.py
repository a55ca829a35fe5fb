"""docs/aurora-differences.md names every one of Aurora's tests here, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.test_docs import ROOT

TEXT = (ROOT / "docs" / "aurora-differences.md").read_text()
_DEFINED = re.compile(r"^def (test_\w+)", re.MULTILINE)


def test_every_test_is_named() -> None:
    here = Path(__file__)
    folders = (here.parent, ROOT / "tests" / "integration" / "aurora")
    files = [path for folder in folders for path in folder.glob("test_*.py") if path != here]
    tests = {name for path in files for name in _DEFINED.findall(path.read_text())}
    assert set(re.findall(r"`(test_\w+)`", TEXT)) == tests


def test_every_difference_is_explained() -> None:
    told = re.findall(r"^\| (D\d+) \|", TEXT, re.M)
    assert told == [f"D{n}" for n in range(1, len(told) + 1)]
    assert set(re.findall(r"\bD\d+\b", TEXT)) == set(told)


def test_files_that_are_named_exist() -> None:
    named = set(re.findall(r"`(tests/[\w/]+(?:\.py)?)`", TEXT))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
