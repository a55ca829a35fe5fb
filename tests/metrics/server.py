"""A real Prometheus server with the alerts of the chart, which scrapes operators."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from hack.devcluster.build import binary
from tests.prometheus import Server

_CONFIG = """
global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
- job_name: echelon
  file_sd_configs: [{{files: ["{targets}"], refresh_interval: 1s}}]
"""


class Prometheus(Server):
    """``rules``: the text of a file of rules.

    Each target has a name, which is its label ``instance``. ``job`` is the operator's name, as that
    of its Service is in a cluster.
    """

    def __init__(self, folder: Path, rules: str) -> None:
        self._targets: dict[str, Any] = {}
        self._file = folder / "targets.json"
        alerts = folder / "alerts.yaml"
        alerts.write_text(rules)
        self._write_targets()
        config = _CONFIG.format(rules=alerts, targets=self._file)
        super().__init__(binary("prometheus"), folder, config)

    def scrape(self, name: str, address: str, job: str = "echelon") -> None:
        """Scrape one more target, at ``host:port``. Returns after the first time: what a counter
        has counted before that, no rate ever shows."""
        self._targets[name] = {"targets": [address], "labels": {"instance": name, "job": job}}
        self._write_targets()
        is_up = f'up{{instance="{name}"}} == 1'
        self.wait(f"the first scrape of {name}", lambda: self.query(is_up))

    def scrape_nothing(self) -> None:
        self._targets.clear()
        self._write_targets()

    def query(self, expr: str) -> list[Any]:
        """The series that an expression gives now. Raises AssertionError for a bad expression."""
        found: list[Any] = self._get("query", query=expr)["result"]
        return found

    def query_range(self, expr: str, start: float) -> list[Any]:
        """The series of an expression since ``start`` (epoch seconds), with a value per second."""
        end = time.time()
        found: list[Any] = self._get("query_range", query=expr, start=start, end=end, step=1)[
            "result"
        ]
        return found

    def firing(self) -> set[str]:
        """The names of the alerts that fire now."""
        alerts = self._get("alerts")["alerts"]
        return {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}

    def fired(self) -> set[str]:
        """The names of the alerts that have fired in the last ten minutes."""
        found = self.query('last_over_time(ALERTS{alertstate="firing"}[10m])')
        return {each["metric"]["alertname"] for each in found}

    def _write_targets(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(list(self._targets.values())))
        fresh.rename(self._file)

    def _get(self, what: str, **given: Any) -> Any:
        url = f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(given)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{given}: {error.read().decode()}") from None
