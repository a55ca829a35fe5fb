"""Programs that are forked for tests."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from hack.harness.forked import Forked


class Bare(Forked):
    imports: ClassVar[str] = "json"


def test_several_threads_may_wait_for_the_end(tmp_path: Path) -> None:
    """A descriptor that one of them had closed would be that of another file by then."""
    for _ in range(5):
        program = Bare("json.tool", ["--help"], dict(os.environ), tmp_path / "log")
        with ThreadPoolExecutor(8) as threads:
            codes = list(threads.map(lambda _, it=program: it.wait(60), range(8)))  # type: ignore[misc]
        assert codes == [0] * 8
        assert program.poll() == program.returncode == 0
