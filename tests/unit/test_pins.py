"""Withdrawn releases are named, and without a registry nothing fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack import pins

#: What pip writes.
YANKED = """\
WARNING: The candidate selected for download or install is a yanked version: 'aiohttp' candidate \
(version 3.99.0 at https://files.example/aiohttp-3.99.0-py3-none-any.whl (from \
https://registry.example/simple/aiohttp/))
Reason for being yanked: it loses requests
"""
OFFLINE = "ERROR: Could not find a version that satisfies the requirement aiohttp==3.99.0\n"
OTHER = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n"


def test_a_withdrawn_release_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stamp = tmp_path / "stamp"
    assert pins.main(lambda _: (0, YANKED), stamp) == 1
    assert "aiohttp 3.99.0 was withdrawn: it loses requests" in capsys.readouterr().err
    assert not stamp.exists(), "it is asked again until it is mended"


def test_other_files_than_those_of_the_lock_are_an_error(tmp_path: Path) -> None:
    assert pins.main(lambda _: (1, OTHER), tmp_path / "stamp") == 1


def test_without_a_registry_it_is_said_and_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pins.main(lambda _: (1, OFFLINE), tmp_path / "stamp") == 0
    assert "not checked" in capsys.readouterr().out


def test_on_the_same_day_it_is_asked_once(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def run(command: list[str]) -> tuple[int, str]:
        asked.append(command)
        return 0, ""

    for _ in range(2):
        assert pins.main(run, tmp_path / "stamp") == 0
    assert len(asked) == 1
    assert "--dry-run" in asked[0]
    (tmp_path / "stamp").write_text("2000-01-01 of another lock\n")
    pins.main(run, tmp_path / "stamp")
    assert len(asked) == 2
