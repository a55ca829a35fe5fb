"""Child processes, each in its own process group. A guard ends them if their owner dies."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hack.devcluster import guard

_GRACE = 5.0  # seconds between SIGTERM and SIGKILL


class Guard:
    """The owner's side of the guard process (see `guard.py`): it cleans up after `close`, or when
    the owner dies."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C on the terminal must not reach it
            text=True,
        )

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def close(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


class Child:
    """One program with its log. It can be ended and started again with the same arguments."""

    def __init__(self, name: str, command: Sequence[str], log_dir: Path, owner: Guard) -> None:
        self.name = name
        self.command = list(command)
        self.log = log_dir / f"{name}.log"
        self._owner = owner
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def died(self) -> bool:
        """True if the process has exited by itself."""
        if self._process is None or self._ending:
            return False
        return _exits(self._process.pid, 0)

    def start(self) -> None:
        if self._process is not None:
            raise RuntimeError(f"{self.name} is already running")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
            )
        self._owner.tell(f"+{self._process.pid}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process, which must be running."""
        if self._process is None:
            raise RuntimeError(f"{self.name} is not running")
        os.killpg(self._process.pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Signal the process. Returns when it has exited; sends SIGKILL if that takes too long."""
        if self._process is None:
            return
        self._ending, process = True, self._process
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
            os.killpg(process.pid, signal.SIGCONT)  # it may be paused by SIGSTOP
        if not _exits(process.pid, _GRACE):
            os.killpg(process.pid, signal.SIGKILL)
            _exits(process.pid, None)
        self._owner.tell(f"-{process.pid}")
        process.wait()
        self._process, self._ending = None, False

    def said(self, lines: int = 15) -> str:
        """The last lines of its log, for error messages."""
        with suppress(FileNotFoundError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


def _exits(pid: int, timeout: float | None) -> bool:
    """Wait until a child has exited. Returns False at the timeout.

    The child is not reaped: its pid must not be reused before the guard knows about the exit.
    """
    descriptor = os.pidfd_open(pid)
    try:
        return bool(select.select([descriptor], [], [], timeout)[0])
    finally:
        os.close(descriptor)
