"""How hypothesis searches, and how the tests are spread over several workers (``-n``).

Hypothesis looks at the same examples in every run. With ``--hypothesis-profile=ci`` it looks for
new ones, from the number given with ``--hypothesis-seed``; `make explore` and `.ci/run` do that,
and `.ci/run` prints the number. An example that has found something becomes an ``@example``, or a
test of its own.
"""

from __future__ import annotations

import importlib
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from controller import garbage
from tests.scheduling import Scheduling, filler, rank, step_back

# Nothing that the collection of tests makes is garbage. Each worker would look at it for a quarter
# of its time, and again and again while the tests run.
garbage.look_rarely()

# How long an example takes says something about the machine, not about the code.
settings.register_profile(
    "echelon", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile("ci", settings.get_profile("echelon"), derandomize=False, print_blob=True)
settings.load_profile("echelon")

# With less memory, the API servers of tests would spend a third of their time on garbage.
os.environ.setdefault("GOGC", "800")
os.environ.setdefault("GOMEMLIMIT", "1GiB")

# Where a shell runs us aside SIGINT is ignored, and would be by all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the test files in shares, once: in a fresh clone each worker would compile all."""
    given = getattr(session.config, "workerinput", None)
    if given is None:
        return
    root, share = session.config.rootpath, int(given["workerid"].removeprefix("gw"))
    found = [file for arg in session.config.args for file in Path(root, arg).rglob("test_*.py")]
    for file in sorted(found)[share :: given["workercount"]]:
        # What is wrong with a file is said when its tests are collected.
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts))


def pytest_collection_finish() -> None:
    garbage.look_as_usual()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item.nodeid))
    worker = getattr(items[0].config, "workerinput", None) if items else None
    if worker and filler(
        worker["workerid"], worker["workercount"], (item.nodeid for item in items)
    ):
        step_back()
