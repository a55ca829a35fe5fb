"""Reports long steps on stderr: a ticking line on a terminal, otherwise a line every 20 s."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

QUIET_INTERVAL = 20.0


@contextmanager
def ticking(what: str) -> Iterator[None]:
    """Show `what` and the seconds so far while the block runs."""
    terminal = sys.stderr.isatty()
    begun = time.monotonic()
    over = threading.Event()

    def say(end: str) -> None:
        start = "\r" if terminal else ""
        line = f"{start}{what} … {time.monotonic() - begun:.0f} s{end}"
        print(line, end="", file=sys.stderr, flush=True)

    def tick() -> None:
        while not over.wait(1.0 if terminal else QUIET_INTERVAL):
            say("" if terminal else "\n")

    if terminal:
        print(f"{what} …", end="", file=sys.stderr, flush=True)
    else:
        print(f"{what} …", file=sys.stderr, flush=True)
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    except BaseException:
        over.set()
        ticker.join()
        if terminal:
            print(file=sys.stderr)
        raise
    over.set()
    ticker.join()
    say(", done\n")
