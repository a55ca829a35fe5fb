"""Runs the command line as a program, as a user of the cluster would.

A call is forked from a process that has imported the program: to import it takes longer than most
commands. `test_version` has those that a user has installed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from hack.harness.forked import Forked, path
from hack.harness.patience import patient

#: Commands that look into a namespace; the others do not know ``-n``.
NAMESPACED = ("cron", "job", "sla", "update", "lint")
#: Flags that say where to look: with one of them the test's namespace is not added.
_PLACES = ("-n", "--namespace", "-A", "--all-namespaces")


@dataclass(frozen=True)
class Result:
    """How one command ended. ``out``, ``err``: what it wrote to stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of stdout."""
        return self.out.splitlines()

    def __str__(self) -> str:
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Command(Forked):
    """A command of ``echelon``, with files for what it reads and writes."""

    imports = "tests.cli.everything"

    def __init__(
        self,
        args: Sequence[str],
        environ: Mapping[str, str],
        out: Path | str,
        errors: Path | str,
        stdin: Path | str | None = None,
    ) -> None:
        super().__init__("controller.cli", args, environ, out, errors=errors, stdin=stdin)


class Running(Command):
    """A command that is read from while it runs, like a ``subprocess.Popen`` with pipes."""

    def __init__(
        self, args: Sequence[str], environ: Mapping[str, str], stdin: str | None = None
    ) -> None:
        (out, its_out), (err, its_err) = os.pipe(), os.pipe()
        self.stdout = open(out, encoding="utf-8")  # noqa: SIM115
        self.stderr = open(err, encoding="utf-8")  # noqa: SIM115
        try:
            super().__init__(args, environ, path(its_out), path(its_err), stdin)
        finally:
            os.close(its_out)
            os.close(its_err)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for the end. Returns what was not yet read of stdout and stderr."""
        found = ["", ""]

        def read(which: int, stream: TextIO) -> None:
            found[which] = stream.read()

        streams = enumerate((self.stdout, self.stderr))
        readers = [threading.Thread(target=read, args=each, daemon=True) for each in streams]
        for reader in readers:
            reader.start()
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        for reader in readers:
            reader.join()
        return found[0], found[1]


class Echelon:
    """``python -m controller.cli …`` with a kubeconfig, in one namespace."""

    def __init__(self, kubeconfig: Path | str, namespace: str) -> None:
        self.kubeconfig = str(kubeconfig)
        self.namespace = namespace

    def __call__(
        self,
        *args: str,
        stdin: str | None = None,
        timeout: float = 60.0,
        env: Mapping[str, str] | None = None,
        check: int | None = None,
    ) -> Result:
        """Run a command to its end. ``check``: the exit code that it must have. A command that
        takes longer than ``timeout`` seconds is killed and fails the test."""
        with tempfile.TemporaryDirectory(prefix="echelon-") as folder:
            files = {name: Path(folder, name) for name in ("stdin", "out", "err")}
            files["stdin"].write_text(stdin or "")
            given = self._placed(args), self._environ(env)
            process = Command(*given, files["out"], files["err"], files["stdin"])
            late, timeout = "", patient(timeout)
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                late = f"still running after {timeout:g} s; "
                os.killpg(process.pid, signal.SIGKILL)
                code = process.wait()
            found = Result(code, files["out"].read_text(), files["err"].read_text())
        wanted = not late and check in (None, code)
        assert wanted, f"echelon {' '.join(args)}: {late}{found}"
        return found

    def start(
        self, *args: str, env: Mapping[str, str] | None = None, stdin: int | None = None
    ) -> Running:
        """Start a command and return at once. The caller waits for it, see also `interrupt`.
        ``stdin``: a descriptor, that of a terminal; absent: empty."""
        given = None if stdin is None else path(stdin)
        return Running(self._placed(args), self._environ(env), given)

    def _environ(self, more: Mapping[str, str] | None) -> dict[str, str]:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("ECHELON_")}
        # Help and errors of usage are wrapped at this width.
        environ |= {"KUBECONFIG": self.kubeconfig, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
        return environ | dict(more or {})

    def _placed(self, args: tuple[str, ...]) -> list[str]:
        """The arguments, with ``-n`` before a ``--`` or at the end."""
        placed = any(arg.partition("=")[0] in _PLACES for arg in args)
        if placed or (args and args[0] not in NAMESPACED):
            return list(args)
        end = args.index("--") if "--" in args else len(args)
        return [*args[:end], "-n", self.namespace, *args[end:]]


def interrupt(process: Running, timeout: float = 20.0) -> Result:
    """Press Ctrl-C and wait for the end."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=patient(timeout))
    return Result(process.wait(), out, err)
