"""Ends what a cluster started when the process that owns the cluster is gone, however it went.

Run as a program of its own, with the standard library alone. It reads lines from stdin: `+PID` a
process group began, `-PID` it has ended (said before the pid can be used again), `dir PATH` a
folder to remove. When stdin ends (the owner stopped, was killed, or crashed), what is left is
killed and removed. A parent-death signal would not do: it follows the thread that forked, and
tests start clusters in threads that end.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    alive: list[int] = []
    folders: list[str] = []
    for line in sys.stdin:
        word = line.rstrip("\n")
        if word.startswith("+"):
            alive.append(int(word[1:]))
        elif word.startswith("-"):
            alive.remove(int(word[1:]))
        elif word.startswith("dir "):
            folders.append(word[4:])
    for pid in reversed(alive):
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        # Written to while it was removed: the killed take a moment to be gone.
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
