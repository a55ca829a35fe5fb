"""A real Prometheus server, with any configuration."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from hack.devcluster.ports import free
from hack.devcluster.process import Guard
from hack.harness.patience import patient


class Server:
    """Serves on 127.0.0.1 while the block lasts. ``url`` stays the same while it is stopped.

    ``config``: the text of its configuration.
    """

    def __init__(self, program: Path, folder: Path, config: str) -> None:
        (port,) = free(1)
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "prometheus.log"
        file = folder / "prometheus.yml"
        file.write_text(config)
        self._command = [
            str(program),
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
        self._guard = Guard()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._guard.close()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
            )
        self._guard.tell(f"+{self._process.pid}")
        self.wait("readiness", self._ready)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._guard.tell(f"-{self._process.pid}")
            self._process = None

    def wait(self, what: str, probe: Callable[[], object], timeout: float = 60.0) -> None:
        """Wait until ``probe()`` is true."""
        deadline = time.monotonic() + patient(timeout)
        while not probe():
            words = f"timed out waiting for {what}"
            assert time.monotonic() < deadline, f"{words}\n{self._log.read_text()[-2000:]}"
            time.sleep(0.2)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
