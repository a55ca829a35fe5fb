"""The metric of runs, read from the store at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class RunCollector(Collector):
    """``read()``: number of Cron and Adhoc Jobs by how their last run is."""

    def __init__(self, read: Callable[[], Mapping[str, float]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "echelon_jobs_last_run",
            "Jobs of type Cron and Adhoc, by how their last run is: None, Active, Succeeded, "
            "Failed, Killed, Deleted.",
            labels=["state"],
        )
        for state, number in self._read().items():
            family.add_metric([state], number)
        yield family
