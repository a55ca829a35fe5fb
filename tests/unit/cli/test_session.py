"""What a session says of names that are not there, and of Jobs that do not get ready."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest

from controller.api.kinds import UPDATES
from controller.cli.exits import CliError, Exit
from controller.cli.ready import until_ready
from controller.cli.session import TRIES, Session
from tests.unit.cli.fakes import a_job
from tests.unit.cli.fakes import session as having
from tests.unit.kube.fake import FakeApi
from tests.unit.view.raw import condition

UPDATES_PATH = "/apis/echelon.dev/v1alpha1/namespaces/ns/updates"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("wbe", "did you mean web? `echelon job list"), ("mail", "`echelon job list")],
)
async def test_a_misspelt_name(name: str, hint: str) -> None:
    with pytest.raises(CliError, match=f"EchelonJob {name} not found") as caught:
        await having(a_job("web"), a_job("api")).job(name)
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("observed", "hint"), [(-1, "kubectl get lease"), (1, "echelon job status")]
)
async def test_a_job_that_is_not_ready_in_time(
    api: FakeApi, session: Session, observed: int, hint: str
) -> None:
    job: Any = api.put("/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs", "web")
    job |= {k: v for k, v in a_job().items() if k != "metadata"}
    job["metadata"]["generation"] = 1
    job["status"] = {"observedGeneration": observed}
    with pytest.raises(CliError) as caught:
        await until_ready(session, job, 0.2)
    assert caught.value.code is Exit.TIMEOUT
    assert hint in caught.value.hint
    assert ("no operator has looked at Job web" in caught.value.message) == (observed < 0)


def scaled(api: FakeApi, *conditions: Any, **status: Any) -> Any:
    """The Job web, scaled from 2 to 4."""
    job: Any = api.put("/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs", "web")
    job |= {k: v for k, v in a_job().items() if k != "metadata"}
    job["metadata"]["generation"] = 2
    job["spec"]["instances"] = 4
    job["status"] = {"observedGeneration": 2, "conditions": list(conditions)} | status
    return job


STALLED = condition("Stalled", "RolledBack", "web-g2: it crashed")


async def test_a_job_that_needed_a_person_before_is_scaled(api: FakeApi, session: Session) -> None:
    job = scaled(api, STALLED, instancesInForce=4, availableInstances=2)
    waiting = asyncio.ensure_future(until_ready(session, job, 30.0, before=job))
    watch = await asyncio.wait_for(api.watches.get(), 60)
    assert not waiting.done()
    there = copy.deepcopy(job)
    there["status"]["availableInstances"] = 4
    there["metadata"]["resourceVersion"] = "999"
    watch.send("MODIFIED", there)
    assert await asyncio.wait_for(waiting, 60) is Exit.DONE


@pytest.mark.parametrize(("before", "now"), [("", "RolledBack"), ("RolledBack", "RevisionMissing")])
async def test_a_job_that_needs_a_person_now(
    api: FakeApi, session: Session, before: str, now: str
) -> None:
    job = scaled(api, condition("Stalled", now, "why"), instancesInForce=4, availableInstances=2)
    conditions = [condition("Stalled", before)] if before else []
    old = {**job, "status": {"conditions": conditions}}
    with pytest.raises(CliError, match="needs a person: why") as caught:
        await until_ready(session, job, 5.0, before=old)
    assert caught.value.code is Exit.FAILED


async def test_a_number_that_a_rollback_has_overruled(api: FakeApi, session: Session) -> None:
    status = {"instancesInForce": 2, "availableInstances": 2, "instancesRefused": 4}
    ready = condition("Ready", "Ready", "2 of 2 instances available")
    with pytest.raises(CliError, match="keeps 2 instances") as caught:
        await until_ready(session, scaled(api, ready, **status), 5.0)
    assert caught.value.code is Exit.FAILED
    assert "`echelon job scale web N -n ns`" in caught.value.hint


@pytest.mark.parametrize("verb", ["GET", "LIST"])
async def test_a_read_is_repeated_when_the_api_server_has_time(
    api: FakeApi, session: Session, verb: str
) -> None:
    api.put(UPDATES_PATH, "web-g1", job="web")
    api.fail(verb, 429, times=TRIES - 1, headers={"Retry-After": "0"})
    if verb == "GET":
        assert (await session.update("web-g1"))["metadata"]["name"] == "web-g1"
    else:
        assert len(await session.list(UPDATES)) == 1
    assert api.count(verb) == TRIES


async def test_a_read_that_is_refused_for_long_is_an_error(api: FakeApi, session: Session) -> None:
    api.fail("LIST", 429, times=100, headers={"Retry-After": "0"})
    with pytest.raises(CliError, match="too much to do") as caught:
        await session.list(UPDATES)
    assert caught.value.code is Exit.ERROR
    assert api.count("LIST") == TRIES
