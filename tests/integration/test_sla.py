"""`spec.sla` and disruption budgets on a real API server, with the real disruption controller."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hack.devcluster.api import ApiError
from hack.harness.audit import Audit
from hack.harness.manifests import Object, batch, condition, is_true, job, queue, update
from hack.harness.space import Space

AWARE: Object = {"slaAware": True}


def budgets(space: Space, name: str = "") -> str:
    path = f"/apis/policy/v1/namespaces/{space.name}/poddisruptionbudgets"
    return f"{path}/{name}" if name else path


def budget(space: Space, name: str) -> Object | None:
    try:
        found: Object = space.api.get(budgets(space, name))
    except ApiError as error:
        if error.code != 404:
            raise
        return None
    return found


def make_budget(space: Space, name: str, least: int, pods: int, **labels: str) -> None:
    """Make a budget, and wait until the disruption controller knows its pods."""
    spec = {"minAvailable": least, "selector": {"matchLabels": labels}}
    space.api.create(budgets(space), {"metadata": {"name": name}, "spec": spec})

    def known() -> bool:
        found = budget(space, name)
        return found is not None and found.get("status", {}).get("currentHealthy") == pods

    space.cluster.wait(f"budget {name} to know its pods", known, 60)


def own(space: Space, name: str = "echelon-web") -> Any:
    found = budget(space, name)
    return found["spec"]["minAvailable"] if found else None


def test_a_budget_that_allows_nothing_is_waited_for_and_said(space: Space) -> None:
    space.made(job(instances=3, update=AWARE))
    make_budget(space, "nothing", 3, 3, **{"echelon.dev/job": "web"})
    before = {pod.uid for pod in space.pods().values()}
    space.set_image("web:2")
    held = space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["reason"] == "DisruptionBudget"
    )
    message = held["status"]["message"]
    assert "The disruption budget nothing needs 3 healthy pods and has 3 currently" in message
    assert not is_true(held, "Stalled")
    assert "nothing" in condition(space.wait_job("told", _waits), "Reconciling")["message"]
    assert {pod.uid for pod in space.pods().values()} == before
    name = held["metadata"]["name"]
    space.api.patch(space.path("updates", name), {"spec": {"action": "Abort"}})
    space.wait_update("Aborted", name=name)
    assert {pod.uid for pod in space.pods().values()} == before
    # With room for one, the next Update goes on by itself.
    space.set_image("web:3")
    space.wait_update("RollingForward", probe=lambda u: u["status"]["reason"] == "DisruptionBudget")
    space.api.patch(budgets(space, "nothing"), {"spec": {"minAvailable": 2}})
    space.wait_update("RolledForward", timeout=60)
    ended = space.wait_ready()["status"]["ended"]
    assert {each["cause"] for each in ended} == {"Update"}


def _waits(found: Object) -> bool:
    return "DisruptionBudget" in str(found["status"]) or "budget" in str(found["status"])


def test_a_budget_over_two_jobs_is_never_violated(space: Space) -> None:
    labels = {"metadata": {"labels": {"app": "shop"}}}
    for name in ("web", "api"):
        wish = job(name, instances=4, strategy=batch(4), update=AWARE)
        wish["spec"]["template"] |= labels
        space.made(wish)
    make_budget(space, "shop", 7, 8, app="shop")
    fewest: list[int] = []
    for name in ("web", "api"):
        wish = space.job(name)["spec"]["template"]
        wish["spec"]["containers"][0]["image"] = "web:2"
        space.set_template(wish, name)

    def over() -> bool:
        every = (*space.pods("web").values(), *space.pods("api").values())
        fewest.append(sum(1 for pod in every if pod.ready and not pod.deleting))
        ends = [u["status"].get("phase") for n in ("web", "api") for u in space.updates(n)]
        return ends == ["RolledForward"] * 2

    space.until("both Updates", over, 120)
    assert min(fewest) == 7


def test_the_budget_of_the_job_itself(space: Space) -> None:
    space.made(job(instances=4, update=AWARE, sla={"minAvailable": "75%"}))
    space.cluster.wait("the budget", lambda: own(space) == 3, 30)
    made = budget(space, "echelon-web")
    assert made is not None
    assert made["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert made["metadata"]["ownerReferences"][0]["uid"] == space.job()["metadata"]["uid"]
    space.scale(8)
    space.cluster.wait("its number to follow", lambda: own(space) == 6, 30)
    space.scale(2)
    space.cluster.wait("its number to follow back", lambda: own(space) == 1, 30)
    space.wait_ready()
    space.roll("web:2", "RolledForward", timeout=60)
    # Beside another one it would make the pods unevictable.
    make_budget(space, "mine", 1, 2, **{"echelon.dev/job": "web"})
    space.cluster.wait("it to be gone", lambda: own(space) is None, 30)
    said = space.wait_job("overlap", lambda found: is_true(found, "BudgetOverlap"))
    assert condition(said, "BudgetOverlap")["reason"] == "OtherBudget"
    assert is_true(said, "Ready")
    space.roll("web:3", "RolledForward", timeout=60)
    space.api.delete(budgets(space, "mine"))
    space.cluster.wait("it to be back", lambda: own(space) == 1, 30)
    space.patch_job(sla=None)
    space.cluster.wait("it to be gone for good", lambda: own(space) is None, 30)


def test_a_strangers_budget_of_that_name_is_left_alone(space: Space) -> None:
    make_budget(space, "echelon-web", 0, 0, app="another")
    space.create(job(instances=2, update=AWARE, sla={"minAvailable": 1}))
    said = space.wait_job("overlap", lambda found: is_true(found, "BudgetOverlap"))
    assert condition(said, "BudgetOverlap")["reason"] == "BudgetNameTaken"
    space.wait_ready()
    space.roll("web:2", "RolledForward", timeout=60)
    found = budget(space, "echelon-web")
    assert found is not None
    assert found["spec"]["selector"] == {"matchLabels": {"app": "another"}}


def test_an_update_leaves_so_many_while_pods_die_at_random(space: Space) -> None:
    count, least = 20, 19
    wish = job(instances=count, strategy=queue(5), update=AWARE, sla={"minAvailable": "95%"})
    space.made(wish, timeout=60)
    space.cluster.wait("the budget", lambda: own(space) == least, 30)
    chance, killed, worst = random.Random(7), set[str](), list[tuple[int, int]]()
    last = set[str]()
    space.set_image("web:2")

    def over() -> bool:
        """Look at each event: who goes although too few are left, and was not killed here?"""
        nonlocal last
        pods = space.pods()
        ready = {p.uid for p in pods.values() if p.ready and not p.deleting}
        ours = {p.uid for p in pods.values() if p.deleting} & last - killed
        if ours:
            worst.append((len(ready), len(ours)))
        last = ready
        found = space.updates()[-1:]
        return bool(found) and found[0]["status"].get("phase") == "RolledForward"

    for _ in range(5):
        space.until("a moment", lambda: over() or chance.random() < 0.2, 120)
        there = [p for p in space.pods().values() if p.ready and not p.deleting]
        if not there:
            continue
        victim = chance.choice(there)
        killed.add(victim.uid)
        name = f"web-{victim.instance}"
        with suppress(ApiError):  # It went by itself.
            space.delete_pod(name)
    space.until("the end of the Update", over, 300)
    assert worst
    assert all(left >= least for left, _ in worst), worst


def test_an_update_by_hand_can_leave_budgets_aside(space: Space) -> None:
    space.made(job(instances=2, update=AWARE))
    make_budget(space, "nothing", 2, 2, **{"echelon.dev/job": "web"})
    space.create(update("urgent", restart=True, policy={"slaAware": False}))
    space.wait_update("RolledForward", name="urgent", timeout=60)


def test_a_change_in_place_asks_by_a_dry_run_alone(space: Space, audit: Audit) -> None:
    policy = {**AWARE, "replacement": "InPlace"}
    space.made(job(instances=3, strategy=batch(3), update=policy, sla={"minAvailable": 2}))
    space.cluster.wait("the budget", lambda: own(space) == 2, 30)
    before = {pod.uid for pod in space.pods().values()}
    space.roll("web:2", "RolledForward", timeout=60)
    assert {pod.uid for pod in space.pods().values()} == before
    asked = [r for r in audit.requests(namespace=space.name) if r.subresource == "eviction"]
    assert {request.name for request in asked} == {"web-0", "web-1", "web-2"}
    assert all(request.dry_run for request in asked)


def _ready_for(space: Space) -> list[float]:
    """Seconds for which each pod has been Ready."""
    now, stamps = datetime.now(UTC), (pod.ready_at for pod in space.pods().values())
    return [(now - datetime.fromisoformat(stamp)).total_seconds() for stamp in stamps]


def test_an_instance_counts_after_a_while(space: Space) -> None:
    sla = {"minAvailable": 2, "durationSeconds": 4}
    space.made(job(instances=3, strategy=batch(3), update=AWARE, sla=sla))
    # Before they count, they go freely.
    space.cluster.wait("all to count", lambda: min(_ready_for(space)) > 5, 60)
    space.set_image("web:2")
    held = space.wait_update(
        "RollingForward",
        probe=lambda u: u["status"]["reason"] == "SLA" and u["status"]["counts"]["updated"] == 1,
        timeout=60,
    )
    message = held["status"]["message"]
    assert "2 of 3 instances count (available for 4s), 2 must (sla.minAvailable is 2)" in message
    space.wait_job(
        "told", lambda j: "2 of 3 instances count" in condition(j, "Reconciling")["message"]
    )
    space.wait_update("RolledForward", timeout=60)


def test_an_old_pod_of_a_surge_is_evicted(space: Space, audit: Audit) -> None:
    policy = {**AWARE, "replacement": "Surge"}
    space.made(job(instances=2, strategy=batch(2), update=policy, sla={"minAvailable": 1}))
    space.cluster.wait("the budget", lambda: own(space) == 1, 30)
    space.roll("web:2", "RolledForward", timeout=60)
    space.wait_ready()
    asked = [r for r in audit.requests(namespace=space.name) if r.subresource == "eviction"]
    assert {r.name for r in asked if r.code == 201 and not r.dry_run} == {"web-0", "web-1"}
