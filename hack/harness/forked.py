"""Starts modules as programs, in processes that have imported the operator already.

To import it takes two seconds of a core, and the tests start it hundreds of times. So one process
imports it once and forks for each start; for the command line there is another one. It runs as a
program of its own, with one thread:

python -m hack.harness.forked controller.__main__    # what to import

Its stdin has orders as lines of JSON; it ends when its stdin does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import threading
import traceback
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, NoReturn

ROOT = Path(__file__).parents[2]


class Forked:
    """``python -m module args…`` in a process group of its own, for its owner as a
    ``subprocess.Popen``. ``log``: stdout and stderr are appended to it; ``errors``: stderr is
    appended to that instead. ``stdin``: a file; absent: empty. All of them are open when this
    returns: a pipe or terminal of the caller's, see `path`, may be closed then."""

    #: What the process that forks has imported.
    imports: ClassVar[str] = "controller.__main__"
    _servers: ClassVar[dict[str, subprocess.Popen[str]]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        module: str,
        args: Sequence[str],
        environ: Mapping[str, str],
        log: Path | str,
        *,
        errors: Path | str | None = None,
        stdin: Path | str | None = None,
    ) -> None:
        files = [str(stdin or os.devnull), str(log), str(errors or log)]
        order = {"module": module, "args": list(args), "environ": dict(environ)}
        self.pid: int = self._ask(order | {"files": files, "folder": os.getcwd()})
        self._ended = os.pidfd_open(self.pid)
        # Open as long as anybody may wait for it: several threads may.
        weakref.finalize(self, os.close, self._ended)
        self._code: int | None = None
        self._reaping = threading.Lock()

    @property
    def returncode(self) -> int | None:
        """The exit code, if somebody has waited for it."""
        return self._code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

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
            with self._reaping:
                if self._code is None:
                    self._code = self._ask({"wait": self.pid})
        return True

    @classmethod
    def _ask(cls, order: dict[str, Any]) -> int:
        with cls._lock:
            server = cls._servers.get(cls.imports)
            if server is None:
                server = cls._servers[cls.imports] = subprocess.Popen(
                    [sys.executable, "-m", __name__, cls.imports],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    start_new_session=True,  # Ctrl-C on the terminal must not reach it
                )
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write(json.dumps(order) + "\n")
            server.stdin.flush()
            return int(server.stdout.readline())


def serve() -> None:
    """Fork and wait, as the lines of stdin order, and answer each with a number."""
    importlib.import_module(sys.argv[1])  # what takes long, once for all
    gc.collect()
    gc.freeze()  # nor looks each process for garbage in it

    for line in sys.stdin:
        order = json.loads(line)
        if (pid := order.get("wait")) is not None:
            _, status = os.waitpid(pid, 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            streams = [_opened(name, there) for there, name in enumerate(order.pop("files"))]
            answer = os.fork()
            if answer == 0:
                _become(streams=streams, **order)
            _group(answer)
            for stream in streams:
                os.close(stream)
        print(answer, flush=True)


def path(descriptor: int) -> str:
    """Where another process can open what this one has open: the end of a pipe, a terminal."""
    return f"/proc/{os.getpid()}/fd/{descriptor}"


def _opened(name: str, there: int) -> int:
    """What becomes descriptor ``there``. A terminal does not become the one that signals come
    from, as if it were handed down."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT if there else os.O_RDONLY
    return os.open(name, flags | os.O_NOCTTY, 0o644)


def _become(
    module: str, args: list[str], environ: dict[str, str], streams: list[int], folder: str
) -> NoReturn:
    """Run a module as ``python -m`` does, and end."""
    code: object = 1
    try:
        _group(0)
        os.chdir(folder)
        for there, stream in enumerate(streams):
            os.dup2(stream, there)
            os.close(stream)
        os.environ.clear()
        os.environ.update(environ)
        _open_streams()
        sys.argv[1:] = args
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except KeyboardInterrupt:
        traceback.print_exc()
        code = -signal.SIGINT
    except BaseException:
        traceback.print_exc()
    finally:
        _end(code if isinstance(code, int) else 1)


def _end(code: int) -> NoReturn:
    """As Python ends, but for taking everything to pieces. ``code``: negative: by this signal."""
    with suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]  # waits for all threads
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _open_streams() -> None:
    """Python's own, as at its start: the present ones are those of the server, which has another
    environment, and has read ahead."""
    raw = bool(os.environ.get("PYTHONUNBUFFERED"))
    coding = "utf-8" if os.environ.get("PYTHONUTF8") == "1" else None
    sys.stdin = open(0, encoding=coding, closefd=False)  # noqa: SIM115
    for name, there, errors in (("stdout", 1, "strict"), ("stderr", 2, "backslashreplace")):
        binary = open(there, "wb", 0 if raw else -1, closefd=False)  # noqa: SIM115
        lines = not raw and (there == 2 or os.isatty(there))
        stream = io.TextIOWrapper(binary, coding, errors, None, lines, raw)
        setattr(sys, name, stream)


def _group(pid: int) -> None:
    """A process group of its own; parent and child say so, whoever comes first."""
    try:
        os.setpgid(pid, 0)
    except OSError:
        return  # It has ended.


if __name__ == "__main__":
    serve()
