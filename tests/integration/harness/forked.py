"""Starts modules as programs, in processes that have imported the operator already.

To import it takes two seconds of a core, and the tests start it hundreds of times. So one process
imports it once and forks for each start. It runs as a program of its own, with one thread:

python -m tests.integration.harness.forked    # orders as lines of JSON; ends when its stdin does
"""

from __future__ import annotations

import json
import os
import runpy
import select
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NoReturn

ROOT = Path(__file__).parents[3]


class Forked:
    """``python -m module args…`` in a process group of its own, with stdout and stderr appended to
    ``log``; for its owner as a ``subprocess.Popen``."""

    _server: ClassVar[subprocess.Popen[str] | None] = None
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self, module: str, args: Sequence[str], environ: Mapping[str, str], log: Path
    ) -> None:
        order = {"module": module, "args": list(args), "environ": dict(environ), "log": str(log)}
        self.pid: int = self._ask(order)
        self._ended = os.pidfd_open(self.pid)
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code; negative: the signal. None while it runs."""
        return self._code if self._has_ended(0.0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code. Raises ``subprocess.TimeoutExpired``."""
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        assert self._code is not None
        return self._code

    def _has_ended(self, timeout: float | None) -> bool:
        if self._code is None:
            ready, _, _ = select.select([self._ended], [], [], timeout)
            if not ready:
                return False
            os.close(self._ended)
            self._code = self._ask({"wait": self.pid})
        return True

    @classmethod
    def _ask(cls, order: dict[str, Any]) -> int:
        with cls._lock:
            if cls._server is None:
                cls._server = subprocess.Popen(
                    [sys.executable, "-m", __name__],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    start_new_session=True,  # Ctrl-C on the terminal must not reach it
                )
            server = cls._server
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write(json.dumps(order) + "\n")
            server.stdin.flush()
            return int(server.stdout.readline())


def serve() -> None:
    """Fork and wait, as the lines of stdin order, and answer each with a number."""
    import controller.__main__  # noqa: F401  what takes long, once for all

    for line in sys.stdin:
        order = json.loads(line)
        if (pid := order.get("wait")) is not None:
            _, status = os.waitpid(pid, 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _become(**order)
            _group(answer)
        print(answer, flush=True)


def _become(module: str, args: list[str], environ: dict[str, str], log: str) -> NoReturn:
    """Run a module as ``python -m`` does, and end."""
    code: object = 1
    try:
        _group(0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        for opened, there in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(opened, there)
        os.environ.clear()
        os.environ.update(environ)
        sys.argv[1:] = args
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 1)


def _group(pid: int) -> None:
    """A process group of its own; parent and child say so, whoever comes first."""
    try:
        os.setpgid(pid, 0)
    except OSError:
        return  # It has ended.


if __name__ == "__main__":
    serve()
