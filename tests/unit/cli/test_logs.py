"""`echelon job logs`: what is read, what stands before each line, and how pods are followed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from controller.api.meta import format_time
from controller.cli import durations
from controller.cli.exits import CliError
from controller.cli.job.logs import seconds_of
from controller.cli.keys import job_key
from controller.cli.logs import following
from controller.cli.logs.reading import Printer, Wanted, container_of, printed
from controller.cli.session import Session
from controller.kube.log_stream import Line, Stamp
from controller.view.instances import Instance, State
from tests.unit.kube.fake import FakeApi, Seen

Object = dict[str, Any]
PODS = "/api/v1/namespaces/ns/pods"
JOBS = "/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs"


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1h30m", 5400), ("1.5s", 2), ("1ms", 1)]
)
def test_durations(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "5m x"])
def test_no_durations(text: str) -> None:
    with pytest.raises(CliError):
        seconds_of(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("0.5", 0.5), ("90s", 90), ("1m30s", 90), ("0", 0)]
)
def test_a_timeout_is_a_number_of_seconds_or_a_duration(text: str, seconds: float) -> None:
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "5x", "nan", "inf", "-1", "1e9"])
def test_no_timeouts(text: str) -> None:
    with pytest.raises(CliError, match="is no duration"):
        durations.seconds(text)


def test_how_many_lines() -> None:
    assert Wanted().with_tail(10).tail == 10
    assert Wanted(tail=3).with_tail(10).tail == 3
    assert Wanted(tail=-1).with_tail(10).tail is None
    assert Wanted(since=60).with_tail(10).tail is None


def line(text: str) -> Line:
    return Line(Stamp(1767225601, 5), text.encode())


def test_what_stands_before_a_line(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    Printer("web").line(3, "web-3", line("hello"))
    Printer("web").line(3, "web-3-s", line("twin"))
    Printer("web", prefix=False, timestamps=True).line(3, "web-3", line("at"))
    assert capsysbinary.readouterr().out.splitlines() == [
        b"[web/3] hello",
        b"[web/3 web-3-s] twin",
        b"2026-01-01T00:00:01.000000005Z at",
    ]


def pod(
    instance: int, uid: str = "", containers: tuple[str, ...] = ("web",), **meta: Any
) -> Object:
    uid = uid or f"u{instance}"
    return {
        "metadata": {
            "name": f"web-{instance}",
            "namespace": "ns",
            "uid": uid,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"echelon.dev/job": "web", "echelon.dev/instance": str(instance)},
            **meta,
        },
        "spec": {"containers": [{"name": name} for name in containers]},
    }


def test_which_container(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer("web")
    assert container_of(pod(0), None, printer) == "web"
    assert not capsys.readouterr().err
    two = pod(0, containers=("web", "proxy"))
    assert [container_of(two, None, printer) for _ in range(2)] == ["web", "web"]
    assert capsys.readouterr().err == "container web of web, proxy; -c names another\n"
    named = pod(
        0,
        containers=("web", "proxy"),
        annotations={"kubectl.kubernetes.io/default-container": "proxy"},
    )
    assert container_of(named, None, printer) == "proxy"
    assert container_of(named, "web", printer) == "web"
    with pytest.raises(CliError, match="no container db"):
        container_of(named, "db", printer)


# Against an API server.


def row(instance: int, name: str | None = None) -> Instance:
    name = f"web-{instance}" if name is None else name
    state = State.GOOD if name else State.MISSING
    return Instance(instance, name, state, "r", "r")


def serve(api: FakeApi, body: str) -> None:
    api.faults.append(("GET", lambda _: web.Response(text=body)))


async def test_logs_one_after_another(
    api: FakeApi, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(api, "2026-01-01T00:00:01Z a\n2026-01-01T00:00:02Z b\n")
    api.fail("GET", 400, message='container "web" in pod "web-2" is waiting to start')
    rows = [row(0), row(1, ""), row(2)]
    code = await printed(session, rows, [pod(0), pod(2)], Wanted(), Printer("web"))
    told = capsys.readouterr()
    assert told.out == "[web/0] a\n[web/0] b\n"
    assert told.err.splitlines() == [
        "web/1 has no pod",
        'web-2: container "web" in pod "web-2" is waiting to start',
    ]
    assert code == 0


async def test_no_log_at_all(api: FakeApi, session: Session) -> None:
    api.fail("GET", 400, message="previous terminated container not found")
    assert await printed(session, [row(0)], [pod(0)], Wanted(), Printer("web")) == 1


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - any condition, not only events
            await asyncio.sleep(0.005)


async def test_following_over_restarts_and_successors(
    api: FakeApi,
    session: Session,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "_PAUSE", 0.01)
    out = ""
    err = ""

    def said(text: str) -> bool:
        nonlocal out, err
        told = capsys.readouterr()
        out, err = out + told.out, err + told.err
        return text in out + err

    logs = {"web-0": "2026-01-01T00:00:01.5Z one\n"}
    status = {"web-0": 200}

    def log(seen: Seen) -> web.Response:
        name = seen.path.split("/")[-2]
        return web.Response(text=logs.get(name, "no"), status=status.get(name, 404))

    original = api._answer
    monkeypatch.setattr(
        api,
        "_answer",
        lambda verb, seen: log(seen) if "/log" in seen.path else original(verb, seen),
    )
    api.put(JOBS, "web", kind="EchelonJob")
    api.put(PODS, "web-0", uid="first")
    api.objects[f"{PODS}/web-0"] |= pod(0, "first")
    api.objects[f"{PODS}/web-0"]["metadata"]["resourceVersion"] = "5"
    wanted = Wanted(tail=10)
    task = asyncio.create_task(
        following.followed(session, job_key("web"), [row(0), row(1, "")], wanted, Printer("web"))
    )
    try:
        await until(lambda: said("] one"))
        assert "web/1 has no pod; its log comes when it has one" in err
        tails = [s.query.get("tailLines") for s in api.seen if "/log" in s.path]
        assert tails[0] == "10"
        # The container restarts: the next read has the last line once more.
        logs["web-0"] += "2026-01-01T00:00:01.6Z two\n"
        await until(lambda: said("two"))
        # The pod is replaced.
        watches = [await api.watches.get(), await api.watches.get()]
        (watch,) = (each for each in watches if "labelSelector" in each.query)
        assert watch.query["labelSelector"] == "echelon.dev/job=web"
        gone = api.objects.pop(f"{PODS}/web-0")
        status["web-0"] = 404
        watch.send("DELETED", gone)
        await until(lambda: said("web/0: pod web-0 is gone"))
        new = pod(0, "second", creationTimestamp=format_time(2e9))
        new["metadata"]["resourceVersion"] = "900"
        status["web-0"], logs["web-0"] = 200, "2026-01-01T00:00:00Z again\n"
        watch.send("ADDED", new)
        await until(lambda: said("again"))
        last = [s.query for s in api.seen if "/log" in s.path]
        assert "tailLines" not in [q for q in last if "sinceTime" not in q][-1]
        assert out.splitlines() == ["[web/0] one", "[web/0] two", "[web/0] again"]
        # The Job is deleted.
        (of_job,) = (each for each in watches if each is not watch)
        of_job.send("DELETED", api.objects[f"{JOBS}/web"])
        with pytest.raises(CliError, match="was deleted"):
            await asyncio.wait_for(task, 60)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
