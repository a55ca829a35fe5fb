"""Ends a node when the process that owns it has ended in any way.

It runs as a program of its own and uses only the standard library. It reads lines from stdin:
`+PID`: a process group started; `-PID`: it ended; `cgroup NAME` and `dir PATH`: to remove at the
end. When stdin ends, the guard kills the remaining process groups (the kernel kills all of a box
with its first process) and removes the cgroups and folders.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

if __name__ == "__main__":  # run isolated, by path: the folder of this module is not on sys.path
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from hack.devcluster.process import Guard
from hack.e2e import cgroups


class NodeGuard(Guard):
    """The owner's side of the guard: it cleans up after `close`, or when the owner dies."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C on the terminal must not reach it
            text=True,
        )


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    alive: list[int] = []
    things: list[tuple[str, str]] = []
    for line in sys.stdin:
        word = line.rstrip("\n")
        if word.startswith("+"):
            alive.append(int(word[1:]))
        elif word.startswith("-"):
            alive.remove(int(word[1:]))
        else:
            kind, _, name = word.partition(" ")
            things.append((kind, name))
    for pid in reversed(alive):
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    for kind, name in reversed(things):
        _remove(kind, name)


def _remove(kind: str, name: str, timeout: float = 10.0) -> None:
    """Retries: a killed process takes a moment to exit, and until then its files stay in use."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if kind == "cgroup" and cgroups.remove(name):
            return
        if kind == "dir":
            shutil.rmtree(name, ignore_errors=True)
            if not os.path.exists(name):
                return
        time.sleep(0.1)


if __name__ == "__main__":
    main()
