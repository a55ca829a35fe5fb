"""The operator as a process of its own that tests start, stop and kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from hack.devcluster.cluster import Cluster
from hack.devcluster.process import Guard
from hack.harness.forked import ROOT, Forked
from hack.harness.patience import patient

USER = "echelon-operator"
_ADDRESSES = re.compile(r"probes on (http://\S+)/healthz, metrics on (http://\S+)/metrics")


class OperatorError(Exception):
    """The operator did not behave as expected. The message ends with its log."""


class Operator:
    """``python -m controller`` for one cluster.

    It has a user of its own, so that its requests can be found in the audit log. All processes of
    one Operator have the same identity for the Lease, like restarts of a container, unless
    ``identity`` differs. ``forked``: False: the process imports the program itself, as a container
    does.
    """

    #: All operators ever created: a failed test shows the logs of those that logged during it.
    made: ClassVar[list[Operator]] = []

    def __init__(
        self,
        cluster: Cluster,
        lease: str,
        *,
        identity: str = "operator-0",
        args: Sequence[str] = (),
        kubeconfig: Path | None = None,
        module: str = "controller",
        forked: bool = True,
    ) -> None:
        self.log = cluster.dir / f"{lease}-{identity}.log"
        self._kubeconfig = kubeconfig or cluster.client_kubeconfig(USER)
        self._ca = cluster.layout.certs / "ca.crt"
        self.identity = identity
        self._module = module
        self._forked = forked
        self._args = ["--lease-name", lease, *args]
        self._process: Forked | subprocess.Popen[bytes] | None = None
        self._guard = Guard()
        #: The offset in the log at which the present process starts.
        self._begin = 0
        self.starts = 0
        if self.log not in [other.log for other in Operator.made]:
            Operator.made.append(self)

    @property
    def pid(self) -> int:
        assert self._process is not None, "the operator is not running"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, ready: bool = True, timeout: float = 30.0) -> None:
        """Start the process and, by default, wait until it is ready."""
        assert not self.running, "the operator is already running"
        zero = "127.0.0.1:0"
        args = ["--log-level", "info", *self._args]
        # Tests wait for statuses: with the default that would be most of what they take.
        args = ["--report-seconds", "0.5", *args]
        args += ["--health-address", zero, "--metrics-address", zero]
        # In tests the servers of gates listen on loopback.
        args += ["--gate-allow-loopback", "true", "--gate-ca-file", str(self._ca)]
        environ = {k: v for k, v in os.environ.items() if not k.startswith("ECHELON_")}
        environ |= {"KUBECONFIG": str(self._kubeconfig), "PYTHONUNBUFFERED": "1"}
        environ |= {"POD_NAME": self.identity, "POD_UID": self.identity}
        self._begin = self.log.stat().st_size if self.log.exists() else 0
        self._process = self._started(args, environ)
        self._guard.tell(f"+{self._process.pid}")
        self.starts += 1
        if ready:
            self.wait("readiness", lambda: self.probe("readyz"), timeout)

    def _started(
        self, args: list[str], environ: dict[str, str]
    ) -> Forked | subprocess.Popen[bytes]:
        if self._forked:
            return Forked(self._module, args, environ, self.log)
        command = [sys.executable, "-m", self._module, *args]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, env=environ, stdout=log, stderr=log, cwd=ROOT, process_group=0
            )

    def stop(self, timeout: float = 20.0) -> int:
        """Stop the process with SIGTERM. Returns its exit code; raises OperatorError if it does not
        exit."""
        assert self._process is not None
        self._signal(signal.SIGTERM)
        try:
            code = self._process.wait(patient(timeout))
        except subprocess.TimeoutExpired:
            self.kill9()
            raise OperatorError(
                f"still running {patient(timeout):g} s after SIGTERM\n{self.log_tail()}"
            ) from None
        self._forget()
        return code

    def _forget(self) -> None:
        assert self._process is not None
        self._guard.tell(f"-{self._process.pid}")
        self._process = None

    def close(self) -> None:
        """Kill the process and release its resources."""
        self.kill9()
        self._guard.close()

    def kill9(self) -> None:
        """Kill the process with SIGKILL."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._forget()

    def exit_code(self, timeout: float) -> int:
        """Wait until the process exits by itself."""
        assert self._process is not None
        code = self._process.wait(patient(timeout))
        self._forget()
        return code

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def probe(self, name: str) -> bool:
        """The answer of ``/readyz`` or ``/healthz``."""
        return self._get(0, f"/{name}")[0] == 200

    @property
    def metrics_address(self) -> str:
        """``host:port`` of ``/metrics`` of the present process."""
        found: str = _ADDRESSES.findall(self.said())[-1][1]
        return found.removeprefix("http://")

    def metrics(self) -> str:
        return self._get(1, "/metrics")[1]

    def _get(self, which: int, path: str) -> tuple[int, str]:
        found = _ADDRESSES.findall(self.said())
        if not found:
            return 0, ""
        try:
            with urllib.request.urlopen(found[-1][which] + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait(self, what: str, probe: object, timeout: float = 30.0) -> None:
        """Wait until ``probe()`` is true. Raises OperatorError at the timeout, or if the process
        exits."""
        assert callable(probe)
        timeout = patient(timeout)
        deadline = time.monotonic() + timeout
        while not probe():
            if not self.running:
                raise OperatorError(
                    f"the operator exited while waiting for {what}\n{self.log_tail()}"
                )
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"timed out after {timeout:g} s waiting for {what}\n{self.log_tail()}"
                )
            time.sleep(0.05)

    def cpu_seconds(self) -> float:
        """CPU seconds that the process has used, in all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def said(self, since: int | None = None) -> str:
        """The log from an offset, by default that of the present process."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._begin if since is None else since)
            return log.read().decode(errors="replace")

    def log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def log_tail(self, lines: int = 60) -> str:
        return "\n".join(self.said(0).splitlines()[-lines:])
