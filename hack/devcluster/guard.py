"""Ends the processes of a cluster when the process that owns the cluster has ended in any way.

It runs as a program of its own and uses only the standard library. It reads lines from stdin:
`+PID`: a process group started; `-PID`: the process group ended (sent before the pid can be used
again); `dir PATH`: a folder to remove. When stdin ends (the owner stopped, was killed, or crashed),
the guard kills the remaining process groups and removes the folders. A parent-death signal does not
work here: it is bound to the thread that forked, and tests start clusters in threads that end.
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
        # A killed process may still have written to it: it takes a moment to exit.
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
