"""A terminal for programs: it shows them a real one (a pty) and keeps what a person would see."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final

from hack.harness.forked import path
from hack.harness.patience import patient
from tests.cli.echelon import Command

_CONTROL: Final = re.compile(r"\x1b\[([0-?]*)([@-~])")


class Page:
    """The lines that a terminal shows after it was sent some text.

    It knows what the command line uses: colours (which it drops), moves up, erasing to the end of
    a line and of the screen, and wrapping. ``rows`` are all lines since the start.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.rows: list[str] = [""]
        self._row = 0
        self._column = 0

    def feed(self, text: str) -> None:
        at = 0
        while at < len(text):
            if found := _CONTROL.match(text, at):
                self._control(found[1], found[2])
                at = found.end()
            else:
                self._letter(text[at])
                at += 1

    def __str__(self) -> str:
        return "\n".join(row.rstrip() for row in self.rows)

    def _control(self, parameters: str, letter: str) -> None:
        if letter == "A":
            top = max(0, len(self.rows) - self.height)
            self._row = max(top, self._row - int(parameters or 1))
        elif letter in "KJ":
            self.rows[self._row] = self.rows[self._row][: self._column]
            if letter == "J":
                del self.rows[self._row + 1 :]

    def _letter(self, letter: str) -> None:
        if letter == "\r":
            self._column = 0
        elif letter == "\n":
            self._down()
        elif letter.isprintable():
            if self._column == self.width:
                self._down()
                self._column = 0
            row = self.rows[self._row].ljust(self._column)
            self.rows[self._row] = row[: self._column] + letter + row[self._column + 1 :]
            self._column += 1

    def _down(self) -> None:
        self._row += 1
        if self._row == len(self.rows):
            self.rows.append("")


class Terminal:
    """A command on a terminal: ``with Terminal(args, environ) as terminal``. It is killed at the
    end."""

    def __init__(
        self, args: Sequence[str], environ: Mapping[str, str], width: int = 80, height: int = 24
    ) -> None:
        self.page = Page(width, height)
        self._lock = threading.Lock()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        own = path(slave)
        self.process = Command(args, {**environ, "TERM": "xterm-256color"}, own, own, own)
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        os.close(self._master)

    @property
    def text(self) -> str:
        with self._lock:
            return str(self.page)

    def until(self, test: Callable[[str], object], seconds: float = 60.0) -> str:
        """Wait until ``test`` holds for the text on the terminal. Returns the text."""
        end = time.monotonic() + patient(seconds)
        while not test(found := self.text):
            assert time.monotonic() < end, f"the terminal shows\n{found}"
            time.sleep(0.05)
        return found

    def end(self, seconds: float = 60.0) -> int:
        """Wait for the end of the program. Returns its exit code."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def interrupt(self) -> int:
        """Press Ctrl-C. Returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.end(20)

    def _read(self) -> None:
        rest = b""
        with suppress(OSError):  # the program has closed the terminal
            while chunk := os.read(self._master, 65536):
                rest += chunk
                # A write may be cut anywhere: wait for the rest of a letter or of a sequence.
                text = rest.decode(errors="ignore")
                if _is_whole(rest):
                    rest = b""
                    with self._lock:
                        self.page.feed(text)


def _is_whole(data: bytes) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return not re.search(r"\x1b(\[[0-?]*)?$", text)
