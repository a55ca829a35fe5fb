"""`follow` against a small API server that breaks on purpose."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from controller.api.kinds import JOBS, UPDATES
from controller.cli import follow as module
from controller.cli.exits import CliError, Exit
from controller.cli.follow import BACK, follow
from controller.cli.session import Session
from tests.unit.cli.fakes import a_job
from tests.unit.kube.fake import FakeApi, Watch
from tests.unit.virtual import VirtualTime

Object = dict[str, Any]
PATH = "/apis/echelon.dev/v1alpha1/namespaces/ns/updates"
_VERSIONS = itertools.count(1000)


@pytest.fixture(autouse=True)
async def _time(monkeypatch: pytest.MonkeyPatch) -> None:
    VirtualTime(monkeypatch)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(module, "SHORT_WATCH", 0.0)


class Reader:
    """Reads the versions of one Update; ``told`` is what the user would read on stderr."""

    def __init__(self, session: Session, timeout: float | None = None) -> None:
        self.told: list[str] = []
        self._versions = follow(session, UPDATES, "web-g4", timeout, tell=self.told.append)

    async def phase(self) -> str:
        """The phase of the next version."""
        found = await asyncio.wait_for(anext(self._versions), 60)
        return str(found["status"]["phase"])

    async def close(self) -> None:
        await self._versions.aclose()


@pytest.fixture
async def reader(session: Session) -> AsyncIterator[Reader]:
    made = Reader(session)
    yield made
    await made.close()


def put(api: FakeApi, phase: str, uid: str = "u1") -> Object:
    """Store a version of the Update. Returns it."""
    body = api.put(PATH, "web-g4", uid)
    body |= {"status": {"phase": phase}}
    body["spec"]["job"] = "web"
    body["metadata"]["resourceVersion"] = str(next(_VERSIONS))
    return body


def gone(api: FakeApi) -> None:
    """Delete the Update; the answers name it, as those of a real API server do."""
    api.objects.clear()
    api.fail("GET", 404, 5, code=404, reason="NotFound", details={"name": "web-g4"})


async def watch_of(api: FakeApi) -> Watch:
    async with asyncio.timeout(60):
        return await api.watches.get()


async def test_the_present_object_comes_first_then_each_version(
    api: FakeApi, reader: Reader
) -> None:
    put(api, "Pending")
    assert await reader.phase() == "Pending"
    later = asyncio.create_task(reader.phase())
    watch = await watch_of(api)
    assert watch.query["fieldSelector"] == "metadata.name=web-g4"
    watch.send("BOOKMARK", {"metadata": {"resourceVersion": "5000"}})
    watch.send("MODIFIED", put(api, "RollingForward"))
    watch.send("MODIFIED", put(api, "RolledForward"))
    assert await later == "RollingForward"
    assert await reader.phase() == "RolledForward"
    assert reader.told == []


async def test_the_same_version_comes_once(api: FakeApi, reader: Reader) -> None:
    same = put(api, "Pending")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    watch = await watch_of(api)
    watch.send("ADDED", same)
    watch.send("MODIFIED", put(api, "RollingForward"))
    assert await later == "RollingForward"


async def test_an_ordinary_end_of_the_watch_is_no_news(api: FakeApi, reader: Reader) -> None:
    put(api, "Pending")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    (await watch_of(api)).end()
    (await watch_of(api)).send("MODIFIED", put(api, "RollingForward"))
    assert await later == "RollingForward"
    assert reader.told == []


async def test_what_happened_without_a_watch_is_not_missed(api: FakeApi, reader: Reader) -> None:
    put(api, "Pending")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    watch = await watch_of(api)
    put(api, "RollingForward")
    watch.end()
    assert await later == "RollingForward"


async def test_an_expired_version_is_read_again_without_a_word(
    api: FakeApi, reader: Reader
) -> None:
    put(api, "Pending")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    watch = await watch_of(api)
    put(api, "RollingForward")
    watch.send("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})
    assert await later == "RollingForward"
    assert reader.told == []


async def test_a_lost_connection_is_told_once_and_so_is_its_return(
    api: FakeApi, reader: Reader
) -> None:
    put(api, "Pending")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    watch = await watch_of(api)
    api.fail("LIST", 503, 4, message="etcd has no leader")
    watch.cut()
    watch = await watch_of(api)
    assert len(reader.told) == 2
    assert "lost" in reader.told[0]
    assert reader.told[1] == BACK
    watch.cut()
    (await watch_of(api)).send("MODIFIED", put(api, "RollingForward"))
    assert await later == "RollingForward"
    assert len(reader.told) == 4, "a second loss is news again"


async def test_notes_go_to_stderr(
    api: FakeApi, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    put(api, "Pending")
    async with aclosing(follow(session, UPDATES, "web-g4")) as versions:
        await anext(versions)
        later = asyncio.create_task(anext(versions))
        (await watch_of(api)).cut()
        (await watch_of(api)).send("MODIFIED", put(api, "RollingForward"))
        await later
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.split(" (")[0] for line in said.err.splitlines()] == [
        "the connection to the API server is lost",
        BACK,
    ]


async def test_a_starting_server_may_answer_403_and_404_for_a_while(
    api: FakeApi, reader: Reader
) -> None:
    put(api, "Pending")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    watch = await watch_of(api)
    api.fail("LIST", 403, 2, code=403, reason="Forbidden", message="no roles yet")
    api.fail("LIST", 404, 2, code=404, reason="NotFound", message="404 page not found")
    put(api, "RollingForward")
    watch.cut()
    assert await later == "RollingForward"


async def test_a_right_that_is_taken_away_ends_it(
    api: FakeApi, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STARTING", 0.03)
    put(api, "Pending")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    watch = await watch_of(api)
    api.fail("LIST", 403, 1000, code=403, reason="Forbidden", message="updates is forbidden")
    watch.cut()
    with pytest.raises(CliError, match="updates is forbidden") as caught:
        await later
    assert "ask for the verb watch" in caught.value.hint


async def test_a_missing_object_is_an_error_at_once(api: FakeApi, session: Session) -> None:
    gone(api)
    with pytest.raises(CliError, match="Update web-g4 not found in namespace ns"):
        await Reader(session).phase()


@pytest.mark.parametrize("way", ["event", "list", "another"])
async def test_a_deleted_object_ends_it(api: FakeApi, reader: Reader, way: str) -> None:
    put(api, "RollingForward")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    watch = await watch_of(api)
    if way == "event":
        watch.send("DELETED", put(api, "RollingForward"))
    elif way == "list":
        gone(api)
        watch.end()
    else:
        put(api, "RollingForward", uid="u2")
        watch.end()
    with pytest.raises(CliError, match="Update web-g4 was deleted, which aborts it") as caught:
        await later
    assert caught.value.code is Exit.ENDED
    assert "echelon job status web" in caught.value.hint


async def test_deleting_a_finished_update_aborts_nothing(api: FakeApi, reader: Reader) -> None:
    put(api, "RolledForward")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    (await watch_of(api)).send("DELETED", put(api, "RolledForward"))
    with pytest.raises(CliError, match=r"Update web-g4 was deleted$") as caught:
        await later
    assert caught.value.code is Exit.ERROR


async def test_an_empty_list_is_not_believed(api: FakeApi, reader: Reader) -> None:
    body = put(api, "Pending")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    watch = await watch_of(api)
    # A server that lists nothing and yet has the object.
    body["metadata"]["resourceVersion"] = str(next(_VERSIONS))
    body["status"]["phase"] = "RollingForward"
    api.page_size = 0
    watch.end()
    assert await later == "RollingForward"


async def test_the_timeout(api: FakeApi, session: Session) -> None:
    put(api, "RollingForward")
    reader = Reader(session, 0.5)
    assert await reader.phase() == "RollingForward"
    with pytest.raises(CliError, match=r"0\.5 s have passed; it is RollingForward") as caught:
        await reader.phase()
    assert caught.value.code is Exit.TIMEOUT
    assert "echelon update watch web-g4" in caught.value.hint


async def test_the_timeout_does_not_cut_the_consumer(api: FakeApi, session: Session) -> None:
    put(api, "RollingForward")
    reader = Reader(session, 0.4)
    await reader.phase()
    await asyncio.sleep(0.6)  # not cancelled
    with pytest.raises(CliError) as caught:
        await reader.phase()
    assert caught.value.code is Exit.TIMEOUT


async def test_the_timeout_counts_while_there_is_no_connection(
    api: FakeApi, session: Session
) -> None:
    put(api, "RollingForward")
    reader = Reader(session, 0.5)
    await reader.phase()
    api.fail("LIST", 503, 10_000, message="down")
    with pytest.raises(CliError) as caught:
        await reader.phase()
    assert caught.value.code is Exit.TIMEOUT


async def test_other_kinds(api: FakeApi, session: Session) -> None:
    api.put(PATH.replace("updates", "echelonjobs"), "web", spec={})
    versions = follow(session, JOBS, "web", 0.5)
    assert (await anext(versions))["metadata"]["name"] == "web"
    with pytest.raises(CliError, match=r"^EchelonJob web: 0\.5 s have passed$"):
        await anext(versions)


async def test_the_end_of_an_update_that_is_deleted_at_once(api: FakeApi, reader: Reader) -> None:
    put(api, "RollingForward")
    await reader.phase()
    later = asyncio.create_task(reader.phase())
    job = api.put(PATH.replace("updates", "echelonjobs"), "web", "j1")
    job |= a_job(lastAttempt={"revision": "r", "updateUID": "u1", "outcome": "RolledForward"})
    (await watch_of(api)).send("DELETED", api.objects[f"{PATH}/web-g4"])
    assert await later == "RolledForward"
