"""The safety brake: too many deletions that nothing explains stop (docs/safety.md)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit, pods_deleted
from hack.harness.manifests import Object, condition, is_true, job
from hack.harness.operator import USER, Operator
from hack.harness.space import Space

NAMES = ("web", "api", "db")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "safety.md"


@pytest.fixture
def braked(cluster: Cluster, operator: Operator) -> Iterator[Operator]:
    """Replaces the session's operator by one that deletes one pod in a minute."""
    operator.stop()
    args = ["--max-voluntary-disruption", "1"]
    other = Operator(cluster, "tests", identity="braked", args=args)
    other.start()
    yield other
    other.close()


def spoil(space: Space, name: str) -> None:
    """Somebody's program edits a pod: it says that it runs another revision."""
    digest = "0123456789"
    space.patch_pod(
        name,
        labels={"echelon.dev/revision": digest},
        annotations={"echelon.dev/revision": f"{name.rpartition('-')[0]}-{digest}"},
    )


def stopped(space: Space, name: str) -> Object:
    return space.wait_job("stopped", lambda j: is_true(j, "SafetyStop"), name)


def reasons(space: Space, name: str) -> set[str]:
    """The reasons of the Events about a Job."""
    return {event["reason"] for event in space.events(name)}


def commands() -> list[list[str]]:
    """The commands of the document: the release of one Job, and of all."""
    blocks = re.findall(r"^```\n(kubectl .*?)\n```", DOCUMENT.read_text(), re.MULTILINE)
    return [shlex.split(block)[1:] for block in blocks]


def with_token(command: list[str], token: str) -> list[str]:
    return [re.sub(r"stop-\d+$", token, word) for word in command]


def test_a_fault_that_spoils_pods_of_all_jobs_stops_and_one_command_ends_it(
    space: Space, braked: Operator, audit: Audit
) -> None:
    for name in NAMES:
        space.made(job(name, instances=2))
    for name in NAMES:
        spoil(space, f"{name}-1")

    def all_or_all_but_one() -> list[Object]:
        found = [j for j in map(space.job, NAMES) if is_true(j, "SafetyStop")]
        return found if len(found) >= len(NAMES) - 1 else []

    jobs = space.until("the stop", all_or_all_but_one)
    last = jobs[-1]["metadata"]["name"]
    # An Event is sent after the write, so the process must not be killed before.
    space.cluster.wait("the Event", lambda: "SafetyStop" in reasons(space, last))
    # A restart, a scale and a lost pod while the Jobs are stopped.
    braked.kill9()
    braked.start()
    space.scale(3, last)
    space.delete_pod(f"{last}-0")
    space.until("its pods", lambda: sum(p.ready for p in space.pods(last).values()) == 3)
    told = stopped(space, last)
    assert is_true(told, "Stalled")
    assert "--max-voluntary-disruption is 1;" in condition(told, "SafetyStop")["message"]
    requests = audit.requests(user=USER, namespace=space.name)
    assert sum(pods_deleted(requests).values()) <= 1
    assert 'echelon_jobs{condition="SafetyStop"}' in braked.metrics()
    token = told["status"]["safety"]["stop"]["token"]
    assert token in condition(told, "SafetyStop")["message"]
    _, of_all = commands()
    space.cluster.kubectl(*with_token(of_all, token))  # kubectl refuses -n beside -A
    for name in NAMES:
        space.wait_ready(name, timeout=40)
        assert "stop" not in space.job(name)["status"].get("safety", {})
    assert sum(pods_deleted(audit.requests(user=USER, namespace=space.name)).values()) == 3


def test_one_job_is_released_by_its_annotation(space: Space, braked: Operator) -> None:
    space.made(job(instances=3))
    for i in range(3):
        spoil(space, f"web-{i}")
    told = stopped(space, "web")
    assert sum(len(uids) for uids in space.observer.uids().values()) <= 4
    of_one, _ = commands()
    space.kubectl(*with_token(of_one, told["status"]["safety"]["stop"]["token"]))
    space.wait_ready(timeout=40)
    assert {len(uids) for uids in space.observer.uids().values()} == {2}
    assert braked.running
