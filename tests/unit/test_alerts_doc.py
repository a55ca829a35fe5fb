"""docs/alerts.md names only commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

from hack.cli_doc import commands

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "alerts.md").read_text()


def test_each_command_of_the_document_exists() -> None:
    known = {words for words, _ in commands()}
    named = set(re.findall(r"`echelon (\w+ \w+) NAME`", TEXT))
    assert len(named) >= 6
    assert named <= known
