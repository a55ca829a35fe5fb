"""Who says that nobody serves a Maintenance, and when."""

from __future__ import annotations

import pytest

from controller.kube.errors import NotFound, ServerError
from controller.maintenance.refusals import NotEnabled, Unread
from controller.maintenance.store import Store
from tests.unit.maintenance.stub import Object, Stub, maintenance


def lease(version: str, holder: str = "a", seconds: int = 3600) -> Object:
    spec = {"holderIdentity": holder, "leaseDurationSeconds": seconds}
    return {"metadata": {"resourceVersion": version}, "spec": spec}


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
async def speaker(stub: Stub) -> NotEnabled:
    return NotEnabled(stub, ("ns", "echelon-maintenance"), "agent")  # type: ignore[arg-type]


async def test_it_is_said_once_if_there_is_no_lease(stub: Stub, speaker: NotEnabled) -> None:
    speaker._on_event("ADDED", maintenance())
    stub.answers["leases"] = [NotFound(404, "NotFound"), NotFound(404, "NotFound")]
    stub.answers["maintenances"] = [maintenance(version=2)]
    await speaker.look(100.0)
    ((_, name, body),) = stub.sent
    assert name == "rack"
    assert body["metadata"] == {"uid": "uid-rack", "resourceVersion": "1"}
    conditions = {c["type"]: (c["status"], c["reason"]) for c in body["status"]["conditions"]}
    assert conditions["Stalled"] == ("True", "NotEnabled")
    assert conditions["Ready"][0] == conditions["Reconciling"][0] == "False"
    speaker._on_event("MODIFIED", maintenance(version=3, status=body["status"]))
    await speaker.look(101.0)
    assert len(stub.sent) == 1


async def test_what_is_served_is_left_alone(stub: Stub, speaker: NotEnabled) -> None:
    speaker._on_event("ADDED", maintenance())
    stub.answers["leases"] = [lease("1"), lease("1"), lease("2", seconds=0)]
    await speaker.look(100.0)
    await speaker.look(100.0)
    assert stub.sent == []


@pytest.mark.parametrize("held", [lease("1", holder=""), lease("1", seconds=0)])
async def test_a_lease_that_nobody_renews_is_not_held(
    stub: Stub, speaker: NotEnabled, held: Object
) -> None:
    served = {"phase": "Active", "observedGeneration": 1}
    speaker._on_event("ADDED", maintenance(status=served))
    stub.answers["leases"] = [held]
    stub.answers["maintenances"] = [maintenance(version=2)]
    await speaker.look(100.0)
    assert len(stub.sent) == 1


async def test_what_another_lease_serves_is_left_alone(stub: Stub, speaker: NotEnabled) -> None:
    speaker._on_event("ADDED", maintenance(status={"phase": "Active", "observedGeneration": 1}))
    stub.answers["leases"] = [NotFound(404, "NotFound")]
    await speaker.look(100.0)
    assert stub.sent == []


async def test_who_serves_it_without_that_lease_has_the_last_word(
    stub: Stub, speaker: NotEnabled
) -> None:
    # The Lease is left from a time at which this operator ran with --maintenance.
    served = {"phase": "Active", "observedGeneration": 1}
    stub.answers["leases"] = [lease("1", holder="") for _ in range(3)]
    stub.answers["maintenances"] = [maintenance(version=11), maintenance(version=13)]
    for version in (10, 12):
        speaker._on_event("MODIFIED", maintenance(version=version, status=served))
        await speaker.look(100.0)
    assert len(stub.sent) == 1
    edited = maintenance(version=14, status=served)
    edited["metadata"]["generation"] = 2
    speaker._on_event("MODIFIED", edited)
    await speaker.look(101.0)
    assert len(stub.sent) == 2


async def test_an_answer_that_is_none_proves_nothing(stub: Stub, speaker: NotEnabled) -> None:
    speaker._on_event("ADDED", maintenance())
    stub.answers["leases"] = [NotFound(404)]
    with pytest.raises(ServerError):
        await speaker.look(100.0)
    assert stub.sent == []


async def test_what_is_too_new_is_said(stub: Stub) -> None:
    store = Store(lambda: None)
    store.put(maintenance(spec={"nodes": ["n1"], "reboot": True}))
    store.put(maintenance("other", spec={"nodes": ["n1"], "reboot": True}))
    stub.answers["maintenances"] = [ServerError(500), maintenance("other", version=2)]
    with pytest.raises(ServerError):
        await Unread(stub, store).report(100.0)  # type: ignore[arg-type]
    assert [name for _, name, _ in stub.sent] == ["rack", "other"]
    _, _, body = stub.sent[-1]
    stalled = next(c for c in body["status"]["conditions"] if c["type"] == "Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "TooNew")
    assert "spec.reboot: this version does not know this field" in stalled["message"]
