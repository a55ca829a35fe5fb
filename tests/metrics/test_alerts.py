"""Each alert fires when its cause is there, and each query of the dashboard returns data then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.operator import Operator
from hack.harness.sightings import Sightings
from hack.harness.space import Space
from hack.harness.web import Web
from tests.metrics import causes
from tests.metrics.server import Prometheus
from tests.metrics.shipped import alerts, hastened, queries, without_threshold

#: Thresholds of times, which a test cannot wait for.
_SHORT: Final = {
    "EchelonUpdateStuck": 8,
    "EchelonRunMissed": 5,
    "EchelonQueueSlow": 2,
    "EchelonWatchSilent": 8,
}
ALERTS: Final = {alert["alert"]: alert for alert in alerts()}
OF_NODES, OF_CRDS = "EchelonNodesLost", "EchelonCrdsLackFields"
ABSENT: Final = "EchelonAbsent"


@dataclass
class Seen:
    """``fired``: names of alerts that have fired. ``data``: of each query of an alert without its
    threshold, or of a panel, the series that it returned."""

    fired: set[str] = field(default_factory=set)
    data: dict[str, list[Any]] = field(default_factory=dict)

    def ask(self, prometheus: Prometheus) -> None:
        """Ask what returned nothing so far."""
        exprs = {name: without_threshold(alert["expr"]) for name, alert in ALERTS.items()}
        exprs |= {panel.name: panel.expr for panel in queries()}
        for name, expr in exprs.items():
            if not self.data.get(name):
                series = prometheus.query(expr)
                self.data[name] = [each for each in series if each["value"][1] != "NaN"]


@pytest.fixture(scope="module")
def seen(
    cluster: Cluster, sightings: Sightings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    """What Prometheus saw of all causes, one after the other."""
    found = Seen()
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("alerts")
        prometheus = stack.enter_context(Prometheus(folder, hastened(_SHORT)))
        web = stack.enter_context(Web())
        space, other = (Space(cluster, sightings, name) for name in ("causes", "trouble"))
        for each in (space, other):
            each.begin()
            stack.callback(each.end)
        args = ["--namespace", space.name, "--max-voluntary-disruption", "1"]
        args += ["--job-metrics", str(causes.OWN_METRICS)]
        operator = Operator(cluster, "main", args=args)
        stack.callback(operator.close)
        operator.start()
        prometheus.scrape("main", operator.metrics_address)
        causes.make(space, web)
        with (
            causes.cut_off(cluster, prometheus),
            causes.in_trouble(cluster, other, prometheus),
        ):
            causes.until(prometheus, found.fired, ALERTS.keys() - {OF_NODES, OF_CRDS, ABSENT})
            found.ask(prometheus)
        with causes.older_crds(cluster, prometheus):
            causes.until(prometheus, found.fired, {OF_CRDS})
        with causes.all_nodes_lost(space):
            causes.until(prometheus, found.fired, {OF_NODES})
            found.ask(prometheus)
        # Before the first scrape it was true, too.
        found.fired.discard(ABSENT)
        prometheus.scrape_nothing()
        prometheus.wait(ABSENT, lambda: ABSENT in prometheus.firing(), timeout=400)
        found.fired.add(ABSENT)
        found.ask(prometheus)
        yield found


def test_each_alert_fires_when_its_cause_is_there(seen: Seen) -> None:
    assert ALERTS.keys() - seen.fired == set()


def test_each_alert_has_data_without_its_threshold(seen: Seen) -> None:
    assert [name for name in ALERTS if not seen.data[name]] == []


def test_each_query_of_the_dashboard_returns_data(seen: Seen) -> None:
    assert [panel for panel in queries() if not seen.data[panel.name]] == []
