"""The short form of the fuzzer, and what it has found."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from controller.api import labels
from controller.cli.lint import schema as lint
from controller.kube.resources import PODS
from hack.chaos import fuzz_api, schema_values
from hack.chaos.fuzz import Case, Change, cases, played
from hack.chaos.fuzz_api import JOB, SCHEMAS, MemoryApi, MisdeedError
from hack.chaos.fuzz_stages import STAGES, stage
from hack.chaos.fuzz_world import World


@settings(max_examples=80, phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink))
@given(cases())
def test_whatever_somebody_wrote_is_decided_or_refused(case: Case) -> None:
    asyncio.run(played(case))


@pytest.mark.parametrize("name", STAGES)
def test_without_a_change_the_job_goes_on_from_each_stage(name: str) -> None:
    world = asyncio.run(played(Case(name, (), ())))
    assert world.entry is not None
    assert world.entry.job is not None
    assert len([pod for pod in world.api.all("pods") if pod.startswith("web-")]) >= 6


def test_two_stages_are_in_the_midst_of_steps() -> None:
    job = stage("in order").objects["echelonjobs", JOB]["status"]
    assert 0 < job["instancesInForce"] < 3
    update = stage("between groups").objects["updates", "web-g2"]["status"]
    assert (update["phase"], update["reason"]) == ("RollForwardPaused", "AutoPaused")
    assert update["batch"]["pauseEndsAt"]


def status(plural: str, name: str, **value: Any) -> Change:
    real = stage("rolling").objects[plural, name]["status"]
    return Change(plural, name, "status", {**real, **value})


def revision_of_first() -> str:
    """The revision from which an abort or a lost pod makes pods again."""
    current: str = stage("rolling").objects["echelonjobs", JOB]["status"]["currentRevision"]
    return current


POLICY: Any = stage("rolling").objects["updates", "web-g2"]["status"]["policy"]

#: What the fuzzer has found, and what became of it.
FOUND = {
    "an active Update loses its status": (Change("updates", "web-g2", "status", {}),),
    "it loses its policy before its phase": (
        Change("updates", "web-g2", "status", {"phase": "Pending", "to": {"revision": "x"}}),
    ),
    "a time before the year 1": (
        status(
            "echelonjobs", JOB, knownBad=[{"revision": "x", "time": "0001-01-01T00:00:00+14:00"}]
        ),
    ),
    "a time before the year 1000": (
        status("echelonjobs", JOB, knownBad=[{"revision": "x", "time": "0001-01-01T00:00:00Z"}]),
    ),
    "an outcome that is no end": (
        status(
            "echelonjobs",
            JOB,
            activeUpdate=None,
            lastAttempt={"revision": "x", "update": "web-g2", "outcome": "RollingForward"},
        ),
    ),
    "an outcome that nobody knows": (
        status(
            "echelonjobs",
            JOB,
            activeUpdate=None,
            lastAttempt={"revision": "x", "update": "web-g2", "outcome": "Merged"},
        ),
    ),
    "a count of failures that is no number": (
        status("updates", "web-g2", failureCounts={"many": "0"}),
    ),
    "a time since when that is no time": (status("updates", "web-g2", downSince={"soon": "0"}),),
    "a group that cannot be read": (
        status(
            "updates",
            "web-g2",
            batch={"index": 0, "instances": "", "startedAt": "2026-01-02T03:04:05Z", "released": 5},
        ),
    ),
    "a revision that is no template": (
        Change("controllerrevisions", revision_of_first(), "data", 7),
    ),
    "the nodes are read for a pod without a node": (
        status("updates", "web-g2", policy={**POLICY, "replacement": "InPlace"}),
    ),
    "a group of no instance": (
        status("updates", "web-g2", policy={**POLICY, "strategy": {"type": "Queue", "size": 0}}),
    ),
    "groups of which one has no instance": (
        status(
            "updates",
            "web-g2",
            policy={**POLICY, "strategy": {"type": "VariableBatch", "sizes": [1, 0]}},
        ),
    ),
    "an annotation of endless digits": (
        Change("pods", "web-1", "annotations", {labels.FAILURES: "9" * 5_000}),
    ),
    "an annotation of endless lists": (
        Change("pods", "web-1", "annotations", {labels.RESTART_BASE: "[" * 5_000}),
    ),
}


@pytest.mark.parametrize("changes", FOUND.values(), ids=FOUND)
def test_what_it_has_found_stays_mended(changes: tuple[Change, ...]) -> None:
    asyncio.run(played(Case("rolling", changes, ())))
    asyncio.run(played(Case("rolling", (), changes)))


# The fuzzer itself.


@pytest.mark.parametrize("plural", SCHEMAS)
@settings(max_examples=40)
@given(data=st.data())
def test_values_are_what_the_schema_allows(plural: str, data: st.DataObject) -> None:
    for part in ("spec", "status"):
        node = SCHEMAS[plural]["properties"][part]
        value = data.draw(schema_values.values(node, ("web-0",)))
        found = [p for p in lint.problems(node, value) if "another item" not in p.message]
        assert found == []


@pytest.mark.parametrize("name", ["web-7", "web-8", "web-1-s", "other-0", "database-0"])
async def test_it_notices_when_a_strangers_pod_is_deleted(name: str) -> None:
    world = World()
    world.copy_of(stage("made"))
    uid = world.api.objects["pods", name]["metadata"]["uid"]
    with pytest.raises(MisdeedError):
        await world.api.delete(PODS, "ns", name, uid=uid)
    with pytest.raises(MisdeedError):
        await world.api.patch(PODS, "ns", name, {"metadata": {"labels": {"a": "b"}}})


async def test_it_notices_a_delete_without_a_uid_and_a_pod_of_a_job_left_alone() -> None:
    world = World()
    world.copy_of(stage("made"))
    with pytest.raises(MisdeedError, match="without a uid"):
        await world.api.delete(PODS, "ns", "web-0")
    world.api.frozen = True
    with pytest.raises(MisdeedError, match="left alone"):
        await world.api.delete(PODS, "ns", "web-0", uid=_uid(world.api, "web-0"))


def test_it_notices_a_status_that_the_api_server_refuses() -> None:
    fuzz_api._judge_status("echelonjobs", {"instances": -1}, {"instances": -1})
    for bad in ({"instances": -1}, {"knownBad": [{"revision": "x", "time": "1-01-01T00:00:00Z"}]}):
        with pytest.raises(MisdeedError, match="refuses"):
            fuzz_api._judge_status("echelonjobs", {}, bad)


def _uid(api: MemoryApi, name: str) -> str:
    uid: str = api.objects["pods", name]["metadata"]["uid"]
    return uid
