"""Which worker gets which tests, and when."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from xdist.remote import Producer

from tests.scheduling import Scheduling, filler, group, rank

UNIT = [f"tests/unit/core/test_{n}.py::test_it" for n in range(4)]
LONG = "tests/unit/core/test_invariants.py::test_it"
SHARED = ["tests/devcluster/test_a.py::test_it", "tests/devcluster/test_b.py::test_it"]
OTHERS = [f"tests/integration/test_{n}.py::test_it" for n in range(3)]
LARGE = "tests/integration/test_large.py::test_it"
ALL = sorted([*UNIT, LONG, *SHARED, *OTHERS, LARGE], key=rank)


class Worker:
    """As much of a worker of pytest-xdist as its scheduler uses."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.shutting_down = False
        self.given: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def played(config: pytest.Config, workers: int, tests: list[str]) -> list[list[str]]:
    """What each worker runs if all tests take the same time."""
    given: Any = SimpleNamespace(
        option=SimpleNamespace(loadscopereorder=False),
        getvalue={"tx": ["popen"] * workers, "maxprocesses": None}.get,
        hook=config.hook,
    )
    made = Scheduling(given, Producer("test", enabled=False))
    nodes: list[Any] = [Worker(f"gw{n}") for n in range(workers)]
    for node in nodes:
        made.add_node(node)
        made.add_node_collection(node, tests)
    made.schedule()
    done = [0] * workers
    while made.has_pending:
        for number, node in enumerate(nodes):
            if done[number] < len(node.given):
                made.mark_test_complete(node, node.given[done[number]])
                done[number] += 1
    assert all(node.shutting_down for node in nodes)
    return [[tests[index] for index in node.given] for node in nodes]


def test_the_filler_runs_unit_tests_alone_and_the_long_ones_first(
    pytestconfig: pytest.Config,
) -> None:
    *others, last = played(pytestconfig, 3, ALL)
    assert last[0] == LONG
    assert set(last) <= {LONG, *UNIT}
    assert sorted([*last, *(test for each in others for test in each)]) == sorted(ALL)
    for each in others:
        waiting = [test for test in each if test not in UNIT]
        assert each[: len(waiting)] == waiting, "unit tests when nothing else is left"


def test_those_that_share_a_cluster_stay_together(pytestconfig: pytest.Config) -> None:
    (one,) = [each for each in played(pytestconfig, 3, ALL) if set(each) & set(SHARED)]
    assert set(one) >= set(SHARED)


@pytest.mark.parametrize("tests", [UNIT, OTHERS])
def test_without_both_kinds_all_workers_take_all(
    pytestconfig: pytest.Config, tests: list[str]
) -> None:
    assert all(played(pytestconfig, 3, tests))


def test_of_many_workers_a_quarter_are_fillers(pytestconfig: pytest.Config) -> None:
    *others, one, another = played(pytestconfig, 9, ALL)
    assert {*one, *another} <= {LONG, *UNIT}
    assert one
    assert another
    assert {test for each in others for test in each} >= {*SHARED, *OTHERS, LARGE}


def test_who_is_a_filler() -> None:
    assert [number for number in range(9) if filler(f"gw{number}", 9, ALL)] == [7, 8]
    assert filler("gw4", 5, ALL)
    assert not filler("gw3", 5, ALL)
    assert not filler("gw0", 1, ALL)
    assert not filler("gw4", 5, UNIT)
    assert not filler("gw4", 5, OTHERS)


def test_what_has_one_cluster_is_one_group() -> None:
    assert {group(test) for test in SHARED} == {"tests/devcluster/"}
    assert group("tests/examples/test_updates_doc.py::test_a") != group(
        "tests/examples/test_demo.py::test_a"
    )
    assert group(UNIT[0]) == UNIT[0]
    assert [rank(test) for test in (SHARED[0], OTHERS[0], LARGE, LONG, UNIT[0])] == [0, 1, 2, 3, 4]
