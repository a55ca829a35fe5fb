"""The metrics of Maintenances, read from the store at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class MaintenanceNumbers:
    """Number of Maintenances by phase; of those that need a person by reason; of their nodes by
    phase; by Maintenance, the seconds for which a node has been draining."""

    phases: Mapping[str, float] = field(default_factory=dict)
    stalled: Mapping[str, float] = field(default_factory=dict)
    nodes: Mapping[str, float] = field(default_factory=dict)
    draining_seconds: Mapping[str, float] = field(default_factory=dict)


class MaintenanceCollector(Collector):
    """``read()`` returns None in an operator that does not serve Maintenances."""

    def __init__(self, read: Callable[[], MaintenanceNumbers | None]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        if (numbers := self._read()) is None:
            return
        yield _gauge(
            "echelon_maintenances",
            "Maintenances, by phase: Pending, Active, Done.",
            "phase",
            numbers.phases,
        )
        yield _gauge(
            "echelon_maintenances_stalled",
            "Maintenances that need a person, by reason.",
            "reason",
            numbers.stalled,
        )
        yield _gauge(
            "echelon_maintenance_nodes",
            "Nodes of Maintenances, by phase: Waiting, Deactivated, Draining, Drained, NotFound.",
            "phase",
            numbers.nodes,
        )
        yield _gauge(
            "echelon_maintenance_draining_seconds",
            "For how long a node of the Maintenance has been draining: of the nodes that are "
            "draining now, the longest time.",
            "maintenance",
            numbers.draining_seconds,
        )


def _gauge(name: str, text: str, label: str, numbers: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in numbers.items():
        family.add_metric([value], float(number))
    return family
