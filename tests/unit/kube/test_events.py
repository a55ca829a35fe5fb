from __future__ import annotations

import asyncio

import pytest

from controller.kube.client import Client
from controller.kube.events import LIMIT, Recorder
from tests.unit.kube.conftest import Clock
from tests.unit.kube.fake import FakeApi

JOB = {
    "apiVersion": "echelon.dev/v1alpha1",
    "kind": "EchelonJob",
    "namespace": "ns",
    "name": "web",
    "uid": "u1",
}


class Reporter:
    """A recorder whose queue a test works off by hand."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self.dropped = 0
        self.clock = clock
        self.recorder = Recorder(
            client, controller="echelon.dev/controller", instance="me", on_drop=self._drop,
            clock=clock,
        )  # fmt: skip

    def _drop(self) -> None:
        self.dropped += 1

    def say(self, note: str = "three of five are ready", reason: str = "Progress") -> None:
        self.recorder.record(JOB, "Normal", reason, note, "Rolling")

    async def write(self) -> None:
        self.recorder._queue.promote()
        while self.recorder._queue.depth:
            await self.recorder._write_next()


@pytest.fixture
def reporter(client: Client, clock: Clock) -> Reporter:
    return Reporter(client, clock)


async def test_an_event(reporter: Reporter, api: FakeApi) -> None:
    reporter.say()
    await reporter.write()
    (body,) = (seen.body for seen in api.seen)
    assert body["regarding"] == JOB
    assert body["note"] == "three of five are ready"
    assert (body["type"], body["reason"], body["action"]) == ("Normal", "Progress", "Rolling")
    assert body["reportingController"] == "echelon.dev/controller"
    assert body["reportingInstance"] == "me"
    assert body["metadata"]["namespace"] == "ns"
    assert body["metadata"]["name"].startswith("web.")
    assert "series" not in body


async def test_the_same_again_is_a_series(reporter: Reporter, api: FakeApi, clock: Clock) -> None:
    reporter.say()
    await reporter.write()
    for _ in range(4):
        clock.pass_by(1)
        reporter.say()
    await reporter.write()
    assert len(api.seen) == 1, "counts are written from time to time only"
    clock.pass_by(10)
    await reporter.write()
    assert [seen.method for seen in api.seen] == ["POST", "PATCH"]
    assert api.seen[-1].body["series"]["count"] == 5
    clock.pass_by(100)
    await reporter.write()
    assert len(api.seen) == 2, "nothing new, nothing written"


async def test_recorded_often_before_it_was_written(
    reporter: Reporter, api: FakeApi, clock: Clock
) -> None:
    for _ in range(3):
        reporter.say()
    await reporter.write()
    clock.pass_by(10)
    await reporter.write()
    assert [seen.method for seen in api.seen] == ["POST", "PATCH"]
    assert api.seen[-1].body["series"]["count"] == 3


async def test_something_else_or_much_later_is_another_event(
    reporter: Reporter, api: FakeApi, clock: Clock
) -> None:
    reporter.say("one")
    reporter.say("two")
    reporter.say("one", reason="Other")
    await reporter.write()
    clock.pass_by(301)
    reporter.say("one")
    await reporter.write()
    assert [seen.method for seen in api.seen] == ["POST"] * 4
    assert len({seen.body["metadata"]["name"] for seen in api.seen}) == 4


async def test_an_event_that_expired_is_written_anew(
    reporter: Reporter, api: FakeApi, clock: Clock
) -> None:
    reporter.say()
    await reporter.write()
    api.objects.clear()
    reporter.say()
    clock.pass_by(10)
    await reporter.write()
    assert [seen.method for seen in api.seen] == ["POST", "PATCH", "POST"]
    assert reporter.dropped == 0


async def test_trouble_is_retried_then_dropped(
    reporter: Reporter, api: FakeApi, clock: Clock
) -> None:
    api.fail("POST", 503, times=2)
    reporter.say("later")
    for _ in range(3):
        await reporter.write()
        clock.pass_by(10)
    assert len(api.objects) == 1
    api.fail("POST", 503, times=9)
    reporter.say("never")
    for _ in range(9):
        await reporter.write()
        clock.pass_by(10)
    assert reporter.dropped == 1
    assert len(api.objects) == 1


async def test_a_terminating_namespace_gets_no_events(
    reporter: Reporter, api: FakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    api.fail("POST", 403, reason="Forbidden", message="because it is being terminated")
    reporter.say()
    await reporter.write()
    assert reporter.dropped == 0
    assert not caplog.records
    api.fail("POST", 403, reason="Forbidden", message="no create on events")
    reporter.say()
    await reporter.write()
    assert reporter.dropped == 1


async def test_overload_drops(reporter: Reporter) -> None:
    for number in range(LIMIT + 5):
        reporter.say(f"note {number}")
    assert reporter.dropped == 5


async def test_a_long_note_is_cut(reporter: Reporter, api: FakeApi) -> None:
    reporter.say("ü" * 1000)
    await reporter.write()
    assert api.seen[0].body["note"] == "ü" * 510 + "…"


async def test_drain_writes_what_waits_and_ends(reporter: Reporter, api: FakeApi) -> None:
    running = asyncio.create_task(reporter.recorder.run())
    for number in range(20):
        reporter.say(f"note {number}")
    await reporter.recorder.drain()
    await asyncio.wait_for(running, 60)
    assert len(api.objects) == 20
    reporter.say("too late")
    assert len(api.objects) == 20
