"""What a session says of names that are not there, and of Jobs that do not get ready."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.kinds import UPDATES
from controller.cli.exits import CliError, Exit
from controller.cli.ready import until_ready
from controller.cli.session import TRIES, Session
from tests.unit.cli.fakes import a_job
from tests.unit.cli.fakes import session as having
from tests.unit.kube.fake import FakeApi

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
