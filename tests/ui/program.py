"""``echelon ui`` as a program, as a user starts it."""

from __future__ import annotations

import re
import selectors
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from hack.bench.proc import cpu_seconds, rss_mb
from hack.harness.patience import patient
from tests.cli.echelon import Echelon


class Program:
    """Serves until it is left."""

    def __init__(self, kubeconfig: Path | str, args: Sequence[str] = ()) -> None:
        self._process = Echelon(kubeconfig, "").start("ui", "--no-browser", *args)
        self._said = ("", "")
        self.url = self._address(patient(60))

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _address(self, timeout: float) -> str:
        """The address that it prints when it is ready."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ)
            assert ready.select(timeout), "echelon ui does not start"
        line = self._process.stdout.readline().strip()
        assert line, self._process.communicate(timeout=patient(20))[1]
        return line.rstrip("/")

    def end(self) -> tuple[int, str]:
        """Press Ctrl-C. Returns the exit code and all that it wrote."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._said = self._process.communicate(timeout=patient(20))
        return self._process.returncode, "".join(self._said)

    def get(self, path: str) -> tuple[int, str]:
        """The status and the text of an answer."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def wait(self, path: str, text: str, timeout: float = 60) -> str:
        """Wait until a page has a text."""
        end = time.monotonic() + patient(timeout)
        while text not in (found := self.get(path)[1]):
            assert time.monotonic() < end, f"{path} does not say {text!r}: {words(found)[-1500:]}"
            time.sleep(0.2)
        return found

    def cpu(self) -> float:
        """Seconds of a core that it has used."""
        used = cpu_seconds(self._process.pid)
        assert used, "it has exited"
        return used

    def memory(self) -> float:
        """MiB that it occupies."""
        used = rss_mb(self._process.pid)
        assert used, "it has exited"
        return used


def words(html: str) -> str:
    """The text of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def as_nobody(url: str, connect: str = "127.0.0.1") -> int:
    """The status that another user of this machine gets, who connects to this address. Needs
    root."""
    command = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]
    command += ["--connect-to", f"::{connect}:", url]
    done = subprocess.run(command, user=65534, cwd="/", capture_output=True, text=True, check=True)
    return int(done.stdout)
