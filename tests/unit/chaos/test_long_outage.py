"""Each replica is asked for its health once a second, and each failure is told."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from hack.chaos.long_outage import Probes


class Operator:
    """Not healthy when it is asked for the second time."""

    def __init__(self) -> None:
        self.asked = 0
        self.twice = threading.Event()

    def probe(self, name: str) -> bool:
        assert name == "healthz"
        self.asked += 1
        if self.asked == 3:
            self.twice.set()
        return self.asked != 2


def test_each_failure_of_a_probe_is_told() -> None:
    replicas: list[Any] = [SimpleNamespace(user=user, operator=Operator()) for user in ("a", "b")]
    pair: Any = SimpleNamespace(replicas=replicas)
    with Probes(pair, every=0.001) as probes:
        assert all(each.operator.twice.wait(10) for each in replicas)
    assert sorted(each.split(" after")[0] for each in probes.failed) == [
        "a is not healthy",
        "b is not healthy",
    ]
    assert probes.asked == sum(each.operator.asked for each in replicas)
