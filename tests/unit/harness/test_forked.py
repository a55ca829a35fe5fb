"""Processes that are forked by another one, and waited for by several threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hack.harness.forked import Forked


class Light(Forked):
    """The process that forks has imported next to nothing."""

    imports = "json.tool"


def test_several_threads_may_wait_for_the_same_end(tmp_path: Path) -> None:
    given, log = tmp_path / "given", tmp_path / "log"
    given.write_text("no JSON")
    with ThreadPoolExecutor(8) as threads:
        for _ in range(3):  # The process that forks lives on.
            process = Light("json.tool", [], {}, log, stdin=given)
            waits = [threads.submit(process.wait, 30) for _ in range(8)]
            assert {each.result() for each in waits} == {1}
            assert process.poll() == 1
