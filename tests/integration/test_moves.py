"""Marked instances move, on a real API server with the real disruption controller. The tests play
the part of the Maintenance: they mark pods."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hack.harness.manifests import Object, batch, condition, job
from hack.harness.pods import PodSeen
from hack.harness.space import Space
from tests.integration.test_sla import budget, budgets, make_budget

MOVE, DEADLINE = "echelon.dev/move", "echelon.dev/move-deadline"
SLA = "echelon.dev/move-sla"
MARK = "rack-7/a-uid"


def pods(space: Space) -> list[PodSeen]:
    """The last observed pods of the Job; a surge has two of an instance."""
    found: list[PodSeen] = space.sightings.all(space.name, "Pod")
    return [pod for pod in found if pod.job == "web"]


def mark(space: Space, *instances: int, **notes: str) -> None:
    found = {pod.uid: pod for i, pod in space.pods().items() if i in instances}
    for pod in found.values():
        space.patch_pod(pod.name, annotations={MOVE: MARK, **notes})

    def unmarked() -> list[PodSeen]:
        return [pod for pod in pods(space) if pod.uid in found and MOVE not in pod.annotations]

    space.until("the marks to be seen", lambda: not unmarked())


def marked(space: Space) -> list[str]:
    return [pod.name for pod in pods(space) if MOVE in pod.annotations]


def wait_moved(space: Space, timeout: float = 60) -> Object:
    space.until("no marked pod", lambda: not marked(space), timeout)
    return space.wait_ready(timeout=timeout)


def fewest(space: Space, timeout: float = 60) -> int:
    """How many instances served at least while all marked pods moved."""
    seen = list[int]()

    def over() -> bool:
        seen.append(len({pod.instance for pod in pods(space) if pod.ready and not pod.deleting}))
        return not marked(space)

    space.until("no marked pod", over, timeout)
    return min(seen)


@pytest.mark.parametrize("how", ["Recreate", "InPlace", "Surge"])
def test_marked_instances_move_one_at_a_time_and_keep_their_revision(
    space: Space, how: str
) -> None:
    before = space.made(job(instances=4, update={"replacement": how}))
    uids = {i: pod.uid for i, pod in space.pods().items()}
    mark(space, 1, 2, 3)
    assert fewest(space) >= (4 if how == "Surge" else 3)
    space.wait_ready()
    after = space.wait_job("what became of them", lambda j: len(_ended(j)) == 3)["status"]
    assert {i for i, pod in space.pods().items() if pod.uid != uids[i]} == {1, 2, 3}
    assert after["assigned"] == before["status"]["assigned"]
    assert space.updates() == []
    assert {(each["instance"], each["cause"]) for each in after["ended"]} == {
        (i, "Move") for i in (1, 2, 3)
    }
    assert after.get("slots", "") == ("1-3" if how == "Surge" else "")


def test_the_agreement_of_the_maintenance_is_kept_and_said(space: Space) -> None:
    space.made(job(instances=4))
    said = json.dumps({"minAvailable": "100%", "durationSeconds": 5})

    def lasted() -> bool:
        least = (datetime.now(UTC) - timedelta(seconds=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return all(pod.ready and pod.ready_at <= least for pod in pods(space))

    # What does not count yet would go freely.
    space.until("all to count", lasted)
    mark(space, 0, 1, **{SLA: said})
    words = "(available for 5s), 3 must (the Maintenance's sla.minAvailable is 100%)"
    found = space.wait_job("what it waits for", lambda j: words in _moving(j).get("message", ""))
    assert _moving(found)["reason"] == "SLA"
    assert "(Maintenance rack-7)" in _moving(found)["message"]
    wait_moved(space)
    space.wait_job("the end", lambda j: _moving(j).get("status") == "False")


def _ended(found: Object) -> list[Object]:
    ended: list[Object] = found.get("status", {}).get("ended", [])
    return ended


def _moving(found: Object) -> Object:
    conditions = found.get("status", {}).get("conditions", [])
    return next((c for c in conditions if c["type"] == "Moving"), {})


def test_budgets_hold_until_the_deadline(space: Space) -> None:
    space.made(job(instances=3, sla={"minAvailable": 1}))
    make_budget(space, "mine", 3, 3, **{"echelon.dev/job": "web"})
    space.until("the own one to give way", lambda: budget(space, "echelon-web") is None, 30)
    before = space.pods()[1].uid
    deadline = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    mark(space, 1, **{DEADLINE: deadline})
    space.wait_job("the budget", lambda j: _moving(j).get("reason") == "DisruptionBudget")
    assert "mine" in _moving(space.job())["message"]
    assert space.pods()[1].uid == before
    wait_moved(space, 90)
    assert datetime.now(UTC).isoformat() >= deadline
    space.until("another pod", lambda: (pod := space.pods().get(1)) and pod.uid != before)
    # A budget that allows it lets the next one go at once.
    space.api.patch(budgets(space, "mine"), {"spec": {"minAvailable": 2}})
    mark(space, 2)
    wait_moved(space)


def test_what_an_update_replaces_is_not_moved_besides(space: Space) -> None:
    space.made(job(instances=6, strategy=batch(1)))
    mark(space, 5)
    space.set_image("web:2")
    space.wait_update("RolledForward", timeout=120)
    found: Any = wait_moved(space)
    causes = {each["instance"]: each["cause"] for each in found["status"]["ended"]}
    assert set(causes) == set(range(6))
    assert len(found["status"]["ended"]) in (6, 7)
    assert condition(space.updates()[-1], "Succeeded")["status"] == "True"
    assert not space.updates()[-1]["status"].get("failureCounts")
