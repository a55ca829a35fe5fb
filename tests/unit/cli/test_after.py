"""What commands say after they have started something, and when Ctrl-C ends them."""

from __future__ import annotations

from typing import Any

import pytest

from controller.cli import after
from controller.cli.after import After, Started, follow_up
from controller.cli.exits import CliError, Exit
from controller.cli.job.retry import _with_token
from controller.cli.objects import as_job
from controller.cli.session import Session
from controller.cli.update import start
from controller.cli.update.proposal import Proposal, Start
from controller.cli.update.request import Request
from tests.unit.cli.fakes import a_job
from tests.unit.cli.fakes import session as having
from tests.unit.kube.fake import FakeApi

JOBS = "/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs"


def test_nothing_is_written_yet() -> None:
    assert Started().farewell() == "no Update was started"


def test_a_write_that_is_in_flight() -> None:
    started = Started()
    started.writing("Job web is changed", "echelon update watch web")
    assert started.farewell() == (
        "perhaps Job web is changed: no answer came yet; `echelon update watch web` tells"
    )
    started.wrote()
    assert started.farewell() == (
        "Job web is changed and goes on; `echelon update watch web` shows it"
    )
    started.creating("web")
    assert started.farewell().startswith("perhaps an Update of Job web is created")
    started.update = "web-g2"
    assert started.farewell() == (
        "the Update goes on; `echelon update watch web-g2` shows it again"
    )


async def test_a_retry_by_token(api: FakeApi, session: Session) -> None:
    stored = api.put(JOBS, "web")
    stored |= {k: v for k, v in a_job().items() if k != "metadata"}
    started = Started()
    await _with_token(session, stored, as_job(stored), started)
    assert started.farewell() == (
        "Job web is changed and goes on; `echelon update watch web` shows it"
    )
    api.fail("PATCH", 500)
    with pytest.raises(CliError):
        await _with_token(session, stored, as_job(stored), started)
    assert started.farewell().startswith("perhaps Job web is changed")


@pytest.mark.parametrize(
    ("kind", "before", "words"),
    [
        (Start.OPERATOR, True, "Job web is changed and goes on; `echelon update watch web` shows"),
        (Start.CREATION, False, "Job web is created and goes on; `echelon job status web` shows"),
        (Start.NOTHING, True, "Job web is changed and goes on; `echelon job status web` shows"),
    ],
)
async def test_a_manifest(
    monkeypatch: pytest.MonkeyPatch, kind: Start, before: bool, words: str
) -> None:
    started = Started()
    seen: list[str] = []

    async def applied(*_: object, **__: object) -> Any:
        seen.append(started.farewell())
        return job

    async def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(start, "applied", applied)
    monkeypatch.setattr(start, "made_by_operator", interrupted)
    job = a_job()
    manifest: Any = object()
    proposal = Proposal(
        request=Request("web", file=manifest),
        before={**job, "spec": {"instances": 3}} if before else None,
        after={**job, "spec": {"instances": 4}},
        start=kind,
        revision="web-b",
        spec={},
        changes=[],
        settings=(),
        plan=None,
        policy=None,
        known=frozenset(),
    )
    begin = start._begin(having(job), proposal, After.WAIT, None, started)
    if kind is Start.OPERATOR:
        with pytest.raises(KeyboardInterrupt):
            await begin
    else:
        await begin
    (in_flight,) = seen
    assert in_flight.startswith(f"perhaps Job web is {'changed' if before else 'created'}")
    assert started.farewell().startswith(words)


async def test_an_api_server_that_does_not_tell_what_became_of_an_update(
    monkeypatch: pytest.MonkeyPatch,
    api: FakeApi,
    session: Session,
    capsys: pytest.CaptureFixture[str],
) -> None:
    api.silent.add("GET")
    monkeypatch.setattr(after, "_SETTLES", 0.05)
    assert await follow_up(session, "web-g2", After.DETACH) is Exit.DONE
    said = capsys.readouterr().err
    assert "has not told in 0.05s what became of Update web-g2" in said
    assert "`echelon update watch web-g2 -n ns`" in said
