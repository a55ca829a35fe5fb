"""The audit log since a mark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hack.harness.audit import Audit


def line(name: str) -> str:
    event: dict[str, Any] = {
        "stage": "ResponseComplete",
        "verb": "get",
        "requestURI": "/",
        "requestReceivedTimestamp": "2026-12-01T02:00:00.000000Z",
        "user": {"username": "u"},
        "objectRef": {"name": name},
    }
    return json.dumps(event) + "\n"


def test_a_line_that_was_being_written_at_the_mark_is_from_before_it(tmp_path: Path) -> None:
    path, half = tmp_path / "audit.log", len(line("b")) // 2
    path.write_text(line("a") + line("b")[:half])
    audit = Audit(path)
    with path.open("a") as log:
        log.write(line("b")[half:] + line("c") + line("d")[:half])
    assert [request.name for request in audit.requests(user="u")] == ["c"]
    audit.mark()
    with path.open("a") as log:
        log.write(line("d")[half:])
    assert audit.requests() == []


def test_all_since_a_mark_at_the_end_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    audit = Audit(path)
    path.write_text(line("a"))
    assert [request.name for request in audit.requests()] == ["a"]
    audit.mark()
    with path.open("a") as log:
        log.write(line("b"))
    assert [request.name for request in audit.requests()] == ["b"]
