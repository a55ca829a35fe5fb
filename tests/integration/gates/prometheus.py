"""A real Prometheus server, and metrics of requests that instances seem to serve.

The program is the one on the PATH, otherwise Debian's package, unpacked once into the cache folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from hack.devcluster.build import cache_dir
from hack.harness.web import Asked, Said, Web
from tests.prometheus import Server

#: Requests per second that each instance serves.
TRAFFIC = 100.0
_CONFIG = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 1m}}
scrape_configs:
- job_name: web
  honor_labels: true
  static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def program() -> Path | None:
    """The path of ``prometheus``. None if it cannot be installed."""
    if found := shutil.which("prometheus"):
        return Path(found)
    folder = cache_dir() / "prometheus-deb"
    path = folder / "usr" / "bin" / "prometheus"
    if path.exists():
        return path
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return None
    fresh = folder.with_name(f"{folder.name}-{os.getpid()}")
    fresh.mkdir(parents=True)
    got = subprocess.run(["apt-get", "download", "prometheus"], cwd=fresh, capture_output=True)
    if got.returncode == 0:
        (package,) = fresh.glob("*.deb")
        subprocess.run(["dpkg-deb", "--extract", package, fresh], check=True)
        package.unlink()
        with suppress(OSError):  # another worker was faster
            fresh.rename(folder)
    shutil.rmtree(fresh, ignore_errors=True)
    return path if path.exists() else None


class Exporter:
    """Counters of requests and errors, as the instances of a Job would expose them.

    ``pods``: the pods that serve now. ``errors``: pod -> share of its requests that fail.
    ``rate``: requests per second of each pod.
    """

    def __init__(self) -> None:
        self._web = Web()
        self._web.answer = self._scrape
        self.port = self._web.port
        self.reset()

    def reset(self) -> None:
        self.pods: Callable[[], list[str]] = list
        self.errors: Callable[[str], float] = lambda _: 0.0
        self.rate = TRAFFIC
        self.namespace = ""
        self._counts: dict[str, tuple[float, float]] = {}
        self._last = time.monotonic()

    def __enter__(self) -> Exporter:
        self._web.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._web.__exit__(kind, error, trace)

    def _scrape(self, _: Asked) -> Said:
        now = time.monotonic()
        served, self._last = (now - self._last) * self.rate, now
        lines = []
        for pod in self.pods():
            requests, errors = self._counts.get(pod, (0.0, 0.0))
            requests, errors = requests + served, errors + served * self.errors(pod)
            self._counts[pod] = requests, errors
            labels = f'{{namespace="{self.namespace}",pod="{pod}"}}'
            lines.append(f"http_requests_total{labels} {requests:.3f}")
            lines.append(f"http_errors_total{labels} {errors:.3f}")
        return 200, "\n".join(lines) + "\n"


class Prometheus(Server):
    """A Prometheus server that scrapes ``exporter`` twice a second."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.exporter = Exporter()
        super().__init__(program, folder, _CONFIG.format(port=self.exporter.port))

    def __enter__(self) -> Self:
        self.exporter.__enter__()
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self.exporter.__exit__(kind, error, trace)
