"""In an hour of healthy updates no alert fires. An hour is a minute here: each time that an alert
waits is sixty times shorter.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.manifests import batch, job, queue
from hack.harness.operator import Operator
from hack.harness.sightings import Sightings
from hack.harness.space import Space
from hack.harness.web import Web
from tests.metrics.causes import gate
from tests.metrics.server import Prometheus
from tests.metrics.shipped import hastened

#: Seconds of the test that stand for a minute.
MINUTE: Final = 1.0
HOUR: Final = 60 * MINUTE
#: How long requests take says something about the machine of the test: it may be busy.
THRESHOLDS: Final = {"EchelonUpdateStuck": 3600 / 60, "EchelonApiSlow": 8}


@pytest.fixture
def space(cluster: Cluster, sightings: Sightings) -> Iterator[Space]:
    made = Space(cluster, sightings, "healthy")
    made.begin()
    yield made
    made.end()


def roll(space: Space, name: str, image: int) -> str:
    """Change the image of a Job. Returns the name of its Update."""
    done = space.set_image(f"{name}:{image}", name, behaviour="ready-after", ready_after="1s")
    return f"{name}-g{done['metadata']['generation']}"


def test_a_healthy_hour_of_updates_fires_nothing(
    cluster: Cluster, space: Space, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        web = stack.enter_context(Web())
        operator = Operator(cluster, "healthy", args=["--namespace", space.name])
        stack.callback(operator.close)
        operator.start()
        gates: dict[str, Any] = {"gates": [gate("healthy", web.url)]}
        made = [
            job("web", 6, strategy=queue(2), min_ready=1, update=gates),
            job("api", 8, strategy=batch("25%"), min_ready=1),
            job("db", 3, strategy=queue(1), update={"replacement": "Surge"}),
        ]
        for each in made:
            space.made(each)
        rules = hastened(THRESHOLDS, hold=MINUTE, window=10 * MINUTE)
        prometheus = stack.enter_context(Prometheus(tmp_path, rules))
        prometheus.scrape("healthy", operator.metrics_address)
        # Until then no operator was there.
        prometheus.wait("the end of EchelonAbsent", lambda: not prometheus.firing())
        begun, image = time.time(), 2
        while time.time() - begun < HOUR:
            # An Update has the number of the generation that the operator finds: none comes after.
            space.scale(6 + image % 3, "web")
            rolling = {name: roll(space, name, image) for name in ("web", "api", "db")}
            for name, update in rolling.items():
                space.wait_update("RolledForward", name=update, job=name, timeout=60)
            image += 1
        assert image > 3, "at least two rounds of updates"
        outcomes = "sum by (outcome) (max_over_time(echelon_update_seconds_count[10m])) > 0"
        assert [each["metric"] for each in prometheus.query(outcomes)] == [
            {"outcome": "RolledForward"}
        ]
        fired = prometheus.query_range('ALERTS{alertstate="firing"}', begun)
        assert [each["metric"] for each in fired] == []
