"""``echelon-ui`` as a program, and browsers that keep cookies."""

from __future__ import annotations

import http.client
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hack.bench.proc import cpu_seconds, rss_mb
from hack.harness.patience import patient
from tests.ui.people import Person

_FREE = [f"--{name}=127.0.0.1:0" for name in ("address", "health-address", "metrics-address")]
_HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')


class Deployed:
    """Serves until it is left. At the end, nothing that it wrote may have a token in it."""

    def __init__(self, kubeconfig: Path, folder: Path, *args: str) -> None:
        self.log = folder / f"echelon-ui-{time.monotonic_ns()}.log"
        self.tokens: set[str] = set()
        environ = {k: v for k, v in os.environ.items() if not k.startswith("ECHELON_")}
        command = [sys.executable, "-m", "controller.ui", *args, "--log-level=debug", *_FREE]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env={**environ, "KUBECONFIG": str(kubeconfig)}, stdout=log, stderr=log
            )
        try:
            self.url = self._said(r"the page is served as (\S+?)/(?:,|\s)")
            self.health, self.metrics = self._said(
                r"probes on (http://\S+)/healthz, metrics on (http://\S+)/metrics"
            ).split(" ")
            self._wait_ready()
        except BaseException:
            self.end()
            raise

    def __enter__(self) -> Deployed:
        return self

    def __exit__(self, *_: object) -> None:
        code, said = self.end()
        assert code == 0, said[-3000:]
        assert "Traceback" not in said, said[-3000:]
        assert not [token for token in self.tokens if token in said], "a token was written"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def _said(self, pattern: str, timeout: float = 60) -> str:
        end = time.monotonic() + patient(timeout)
        while not (found := re.search(pattern, text := self.log.read_text())):
            assert self._process.poll() is None, text
            assert time.monotonic() < end, f"it does not say {pattern}: {text}"
            time.sleep(0.05)
        return " ".join(found.groups())

    def _wait_ready(self) -> None:
        end = time.monotonic() + patient(30)
        while fetch(f"{self.health}/readyz")[0] != 200:
            assert time.monotonic() < end, fetch(f"{self.health}/readyz")[1]
            time.sleep(0.05)

    def end(self) -> tuple[int, str]:
        """Stop it as Kubernetes does. Returns the exit code and all that it wrote."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(patient(20))
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait(), self.log.read_text()

    def browser(self, person: Person | None = None) -> Browser:
        """A new browser; of a person who has signed in."""
        made = Browser(self.url)
        if person is not None:
            self.tokens.add(person.token)
            assert made.sign_in(person.token) == 303
        return made

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


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Browser:
    """Keeps cookies and follows no redirections."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self.cookies)
        # Certificates of tests are signed by themselves.
        https = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
        self._opener = urllib.request.build_opener(cookies, https, _NoRedirect)

    def get(self, path: str, headers: Sequence[tuple[str, str]] = ()) -> tuple[int, str]:
        return self._send(urllib.request.Request(self.url + path, headers=dict(headers)))

    def post(self, path: str, data: dict[str, str], origin: str | None = None) -> tuple[int, str]:
        sent = {"Origin": self.url if origin is None else origin}
        body = urlencode(data).encode()
        return self._send(urllib.request.Request(self.url + path, body, sent))

    def hidden(self, path: str) -> dict[str, str]:
        """The hidden fields of a form."""
        return dict(_HIDDEN.findall(self.get(path)[1]))

    def sign_in(self, token: str) -> int:
        return self.post("/signin", {**self.hidden("/signin"), "token": token})[0]

    def wait(self, path: str, text: str, timeout: float = 40) -> str:
        """Wait until a page has a text."""
        end = time.monotonic() + patient(timeout)
        while text not in (found := self.get(path)[1]):
            assert time.monotonic() < end, f"{path} does not say {text!r}"
            time.sleep(0.1)
        return found

    def stream(self, path: str) -> Stream:
        cookie = "; ".join(f"{each.name}={each.value}" for each in self.cookies)
        return Stream(self.url, f"/live{path}", {"Cookie": cookie})

    def _send(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


class Stream:
    """One stream. ``status``: of the answer."""

    def __init__(self, url: str, path: str, headers: dict[str, str]) -> None:
        host = url.partition("//")[2]
        self._connection = http.client.HTTPConnection(host, timeout=60)
        self._connection.request("GET", path, headers=headers)
        self._response = self._connection.getresponse()
        self.status = self._response.status

    def until(self, text: str) -> str:
        """Read until a text comes. Returns what was read."""
        found = ""
        while text not in found:
            line = self._response.readline()
            assert line, f"the stream ended without {text!r}: {found[-500:]}"
            found += line.decode()
        return found

    def rest(self) -> str:
        """Read until the server ends it (it sends a sign of life every ten seconds)."""
        return self._response.read().decode()

    def close(self) -> None:
        with suppress(OSError):
            self._connection.close()


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
