"""`hack.generated`: what is stale is written, removed, or only reported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hack import generated


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Path, str | None]:
    """An old file, one that is missing, one that is left and one that is up to date."""
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    for name in ("old", "left", "good"):
        (tmp_path / name).write_text(name)
    wished = {"old": "new", "missing": "text", "left": None, "good": "good", "never": None}
    return {tmp_path / name: text for name, text in wished.items()}


def run(monkeypatch: pytest.MonkeyPatch, files: dict[Path, str | None], *args: str) -> int:
    monkeypatch.setattr(sys, "argv", ["generate", *args])
    return generated.written(lambda: files, "Generate files.", "make files")


def test_a_check_reports_and_writes_nothing(
    files: dict[Path, str | None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {path: path.exists() and path.read_text() for path in files}
    assert run(monkeypatch, files, "--check") == 1
    told = capsys.readouterr().err.splitlines()
    assert told == [f"{name} is stale; run `make files`" for name in ("old", "missing", "left")]
    assert {path: path.exists() and path.read_text() for path in files} == before


def test_stale_files_are_written_and_left_ones_removed(
    files: dict[Path, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, files) == 0
    assert {path: path.read_text() if path.exists() else None for path in files} == files
    assert run(monkeypatch, files, "--check") == 0
