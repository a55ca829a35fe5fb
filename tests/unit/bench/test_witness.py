"""What is kept of the versions of Jobs and Updates that a watch shows."""

from __future__ import annotations

import json
from typing import Any

from hack.bench.witness import Record


def update(phase: str, index: int | None, message: str = "") -> dict[str, Any]:
    status: dict[str, Any] = {"phase": phase, "message": message}
    if index is not None:
        status["batch"] = {"index": index, "instances": "0"}
    meta = {"name": "half", "managedFields": [{"manager": "echelon"}]}
    return {"kind": "Update", "metadata": meta, "status": status}


def test_the_largest_version_is_kept() -> None:
    record, large = Record(), update("RollingForward", 0, "é" * 100)
    for seen in (update("Pending", None), large, update("RolledForward", None)):
        record.take(seen)
    found = record.largest["Update"]
    assert found.whole == len(json.dumps(large, separators=(",", ":"), ensure_ascii=False)) + 100
    assert found.managed == len('[{"manager":"echelon"}]')
    assert record.seen["Update"] == 3


def test_groups_are_counted_once_and_both_ways() -> None:
    record = Record()
    for phase, index in (("RollingForward", 0), ("RollingForward", 0), ("RollForwardPaused", 1)):
        record.take(update(phase, index))
    record.take(update("RollingBack", 0))
    assert record.groups("half") == 3
    assert record.groups("another") == 0
