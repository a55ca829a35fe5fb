"""A clock that is wrong as a file says, and a program that has it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from hack.chaos.jumping import VARIABLE, jumped

_PROGRAM = """
import sys, time, types
stub = types.ModuleType("controller.__main__")
stub.main = lambda: print(time.time())
sys.modules["controller.__main__"] = stub
from hack.chaos.jumping import main
main()
"""


def test_the_clock_follows_the_file(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = jumped(lambda: 100.0, file)
    assert clock() == 100.0, "there is no file yet"
    file.write_text("3600")
    assert clock() == 3700.0
    file.write_text("")
    assert clock() == 100.0, "it is being written"


def test_the_operator_has_it(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("3600")
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={**os.environ, VARIABLE: str(file)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert 3000 < float(said) - time.time() < 4000
