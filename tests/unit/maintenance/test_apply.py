"""What is sent, and what becomes of refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from controller.core.maintenance.decide import decide
from controller.core.maintenance.plan import EvictPod, MarkPod, PatchNode, Plan
from controller.kube.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotHolderError,
    ServerError,
    TooManyRequests,
)
from controller.maintenance.apply import Applier
from controller.maintenance.decode import node_from, pod_from
from controller.maintenance.store import Store
from tests.unit.maintenance.stub import Stub, maintenance, node, pod

UNMARK = MarkPod("ops", "agent", "uid-agent", node="n1")
EVICT = Plan(evictions=(EvictPod("ops", "agent", "uid-agent"),))
BUDGET = {
    "causes": [{"reason": "DisruptionBudget", "message": "The disruption budget agent needs 1"}]
}


class World:
    def __init__(self) -> None:
        self.now = 100.0
        self.stub = Stub()
        self.store = Store(lambda: None)
        self.applier = Applier(self.stub, self.store, lambda: self.now, 1.0)  # type: ignore[arg-type]
        self.store.pods["n1"] = {}


@pytest.fixture
def world() -> World:
    return World()


async def test_a_node_gets_one_patch_with_its_version_and_the_answer_is_known_at_once(
    world: World,
) -> None:
    world.store.put_node(node_from(node()))
    world.stub.answers["nodes"] = [node(version=2, unschedulable=True)]
    taint = {"key": "k", "effect": "NoSchedule"}
    change = PatchNode("n1", "uid-n1", "1", True, (taint,), {"a": "b", "c": None})
    await world.applier.apply(Plan(nodes=(change,)))
    assert world.stub.sent == [
        (
            "nodes",
            "n1",
            {
                "metadata": {
                    "uid": "uid-n1",
                    "resourceVersion": "1",
                    "annotations": {"a": "b", "c": None},
                },
                "spec": {"unschedulable": True, "taints": [taint]},
            },
        )
    ]
    assert world.store.nodes["n1"].node.unschedulable


async def test_what_is_taken_back_is_removed(world: World) -> None:
    world.stub.answers["nodes"] = [node(version=2)]
    await world.applier.apply(Plan(nodes=(PatchNode("n1", "uid-n1", "1", False, (), {"a": None}),)))
    ((_, _, body),) = world.stub.sent
    assert body["spec"] == {"unschedulable": None, "taints": None}


async def test_a_node_that_is_gone_is_left_to_the_watch(world: World) -> None:
    world.stub.answers["nodes"] = [NotFound(404, "NotFound")]
    assert await world.applier.apply(Plan(nodes=(PatchNode("n1", "u", "1", True),))) is None


async def test_a_node_that_changed_is_tried_again_soon(world: World) -> None:
    # The kubelet reports all the time, and its reports call for no decision.
    world.stub.answers["nodes"] = [Conflict(409), node(version=3)]
    plan = Plan(nodes=(PatchNode("n1", "u", "1", True),))
    assert await world.applier.apply(plan) == world.now + 0.3
    assert await world.applier.apply(plan) is None


REFUSALS = [
    (Forbidden(403, "Forbidden", "admission webhook denied the request"), "Refused", 60),
    (Invalid(422, "Invalid", "no"), "Refused", 60),
    (BadRequest(400, "BadRequest", "no"), "Refused", 60),
    (ServerError(500, "InternalError", "failed calling webhook"), "InternalError", 1),
    (TooManyRequests(429, "TooManyRequests", "later", 7), "TooManyRequests", 7),
]


@pytest.mark.parametrize(("error", "reason", "pause"), REFUSALS)
async def test_a_refused_node_holds_up_nothing_else(
    world: World, error: ApiError, reason: str, pause: int
) -> None:
    world.stub.answers["nodes"] = [error]
    world.stub.answers["pods"] = [pod(version=2)]
    plan = Plan(nodes=(PatchNode("bad", "uid-bad", "1", True),), marks=(UNMARK,))
    assert await world.applier.apply(plan) == world.now + pause
    assert [plural for plural, _, _ in world.stub.sent] == ["nodes", "pods"]
    refused = world.store.refused["uid-bad"]
    assert (refused.reason, refused.until) == (reason, world.now + pause)


@pytest.mark.parametrize(("error", "reason", "pause"), REFUSALS)
async def test_a_refused_mark_holds_up_nothing_else_and_is_logged_once(
    world: World, error: ApiError, reason: str, pause: int, caplog: pytest.LogCaptureFixture
) -> None:
    world.stub.answers["pods"] = [error, error]
    world.stub.answers["eviction"] = [b"{}", b"{}"]
    plan = Plan(marks=(UNMARK,), evictions=(EvictPod("ops", "other", "uid-other"),))
    assert await world.applier.apply(plan) == world.now + pause
    assert len(world.stub.sent) == 3
    assert world.store.refused["uid-agent"].reason == reason
    await world.applier.apply(Plan(marks=(UNMARK,)))
    (said,) = [record.message for record in caplog.records if "cannot be changed" in record.message]
    assert said.startswith(f"pod ops/agent on node n1 cannot be changed: {error}")


async def test_a_fault_of_the_api_server_that_lasts_needs_a_person(world: World) -> None:
    plan = Plan(nodes=(PatchNode("n1", "uid-n1", "1", True),))
    for reason in ("Internal", "Internal", "Internal", "Refused"):
        world.stub.answers["nodes"] = [ServerError(500, "Internal")]
        await world.applier.apply(plan)
        assert world.store.refused["uid-n1"].reason == reason
    world.stub.answers["nodes"] = [node()]
    assert await world.applier.apply(plan) is None
    assert not world.store.refused


async def test_a_pod_that_changed_is_tried_again_soon(world: World) -> None:
    world.stub.answers["pods"] = [Conflict(409)]
    assert await world.applier.apply(Plan(marks=(UNMARK,))) == world.now + 0.3


async def test_a_refused_report_holds_up_no_other_one(world: World) -> None:
    for name in ("a", "b"):
        world.store.put(maintenance(name))
    observed = world.store.observed(lambda _: True, {}, "", "")
    world.stub.answers["maintenances"] = [ServerError(500), maintenance("b", version=2)]
    plan = Plan(statuses=decide(observed, world.now).statuses)
    assert await world.applier.apply(plan) == world.now + 1
    assert [name for _, name, _ in world.stub.sent] == ["a", "b"]
    world.now += 1
    world.stub.answers["maintenances"] = [Invalid(422), maintenance("b", version=3)]
    assert await world.applier.apply(plan) == world.now + 60
    world.now += 1
    world.stub.answers["maintenances"] = [maintenance("b", version=4)]
    await world.applier.apply(plan)
    assert [name for _, name, _ in world.stub.sent] == ["a", "b"] * 2 + ["b"]


SLA = '{"minAvailable":"95%"}'


async def test_a_mark_is_written_to_the_pod_of_this_uid(world: World) -> None:
    world.store.put_pod(pod_from(pod(version=1)))
    marked = pod(version=2, annotations={"echelon.dev/move": "rack/uid-rack"})
    world.stub.answers["pods"] = [marked]
    await world.applier.apply(
        Plan(marks=(MarkPod("ops", "agent", "uid-agent", "rack/uid-rack", "", SLA),))
    )
    ((_, _, body),) = world.stub.sent
    assert body["metadata"] == {
        "uid": "uid-agent",
        "annotations": {
            "echelon.dev/move": "rack/uid-rack",
            "echelon.dev/move-deadline": None,
            "echelon.dev/move-sla": SLA,
        },
    }
    assert world.store.pods["n1"]["ops/agent"].pod.move == "rack/uid-rack"


async def test_an_eviction_is_asked_as_a_dry_run_first(world: World) -> None:
    world.stub.answers["eviction"] = [b"{}", b"{}"]
    await world.applier.apply(EVICT)
    paths = [path for _, path, _ in world.stub.sent]
    real = "/api/v1/namespaces/ops/pods/agent/eviction"
    assert paths == [f"{real}?dryRun=All", real]
    for _, _, body in world.stub.sent:
        assert body["deleteOptions"] == {"preconditions": {"uid": "uid-agent"}}
    assert not world.store.refused


async def test_a_budget_is_named_and_asked_again_with_growing_pauses(world: World) -> None:
    for pause in (1, 2, 4, 8, 16, 30, 30):
        world.stub.answers["eviction"] = [TooManyRequests(429, "TooManyRequests", "no", 0, BUDGET)]
        await world.applier.apply(EVICT)
        refused = world.store.refused["uid-agent"]
        assert (refused.reason, refused.until) == ("DisruptionBudget", world.now + pause)
        assert refused.message == "The disruption budget agent needs 1"
    assert all("dryRun=All" in path for _, path, _ in world.stub.sent), "no real eviction"


async def test_the_right_to_evict_may_be_missing(world: World) -> None:
    world.stub.answers["eviction"] = [Forbidden(403, "Forbidden", "may not")]
    await world.applier.apply(EVICT)
    refused = world.store.refused["uid-agent"]
    assert (refused.reason, refused.until) == ("EvictionForbidden", world.now + 60)


@pytest.mark.parametrize("error", [NotFound(404, "NotFound"), Conflict(409)])
async def test_a_pod_that_is_gone_is_not_refused(world: World, error: Exception) -> None:
    world.stub.answers["eviction"] = [error]
    await world.applier.apply(EVICT)
    assert not world.store.refused


async def test_without_the_lease_nothing_goes_on(world: World) -> None:
    world.stub.answers["eviction"] = [NotHolderError()]
    with pytest.raises(NotHolderError):
        await world.applier.apply(EVICT)
    assert not world.store.refused


async def test_reports_are_coalesced(world: World) -> None:
    world.store.put(maintenance())
    world.store.put_node(node_from(node()))

    def reports() -> Plan:
        observed = world.store.observed(lambda _: True, {}, "", "")
        return replace(decide(observed, world.now), nodes=(), marks=(), evictions=())

    def stored(version: int) -> dict[str, Any]:
        (*_, body) = world.stub.sent[-1:][0] if world.stub.sent else ({},)
        return maintenance(version=version, status=body.get("status", {}))

    world.stub.answers["maintenances"] = [maintenance(version=2)]
    assert await world.applier.apply(reports()) is None
    assert len(world.stub.sent) == 1
    # The answer lacks the status, so there is something to report still.
    world.now += 0.5
    assert await world.applier.apply(reports()) == 101.0
    assert len(world.stub.sent) == 1
    world.now += 0.5
    world.stub.answers["maintenances"] = [stored(3)]
    assert await world.applier.apply(reports()) is None
    assert len(world.stub.sent) == 2
    assert reports().statuses == ()


def test_a_pod_is_read_for_what_decisions_need() -> None:
    owner = {
        "kind": "EchelonJob",
        "name": "web",
        "apiVersion": "echelon.dev/v1",
        "controller": True,
    }
    raw = pod("web-0", ownerReferences=[owner], deletionTimestamp="2026-01-01T00:00:00Z")
    raw["spec"]["volumes"] = [{"name": "cache", "emptyDir": {}}]
    found = pod_from(raw).pod
    assert (found.job, found.controller) == ("web", "")
    assert found.terminating
    assert found.empty_dir
    assert not found.successor
    raw["metadata"]["annotations"] = {"echelon.dev/moved-from": "uid"}
    assert pod_from(raw).pod.successor
    other = pod_from(pod(ownerReferences=[{**owner, "apiVersion": "example.com/v1"}])).pod
    assert (other.job, other.controller, other.empty_dir) == ("", "EchelonJob", False)
