"""Which Chromium the tests of the page and its pictures use."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.browser import main, program


def executable(path: Path) -> str:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    return tmp_path


def test_debians_chromium_is_preferred(path: Path) -> None:
    executable(path / "google-chrome")
    found = executable(path / "chromium")
    assert program() == found


def test_the_one_that_is_named_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(path / "chromium")
    mine = executable(path / "mine")
    monkeypatch.setenv("CHROMIUM", mine)
    assert program() == mine
    monkeypatch.setenv("CHROMIUM", str(path / "gone"))
    assert program() is None, "not silently another one than was named"


def test_without_one_it_is_said_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 1
    said = capsys.readouterr().err
    assert "apt-get install chromium" in said
    assert "CHROMIUM=" in said
