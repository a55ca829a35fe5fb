"""`echelon maintenance`: which nodes are named, and what is made and taken back."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from controller.cli.exits import CliError, Exit
from controller.cli.maintenance import activate, make, waiting
from controller.cli.maintenance.hosts import hosts
from controller.cli.session import Session
from controller.kube.errors import Conflict

Object = dict[str, Any]


def test_nodes_come_from_arguments_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "hosts.txt"
    file.write_text("# the rack\nn2\n\nn3.example.com  # new\nn1\n")
    assert hosts(["node/n1"], str(file)) == ["n1", "n2", "n3.example.com"]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffn1\nn2\n",
        "n1\r\nn2\r\n",
        "# rack\r\n\r\n  n1  \r\n\t\r\nn2#old\r\n#n3",
        "node/n1\nnode/n2",
    ],
    ids=["mark", "windows", "comments", "kubectl"],
)
def test_files_of_all_kinds_are_read(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hosts.txt"
    file.write_bytes(text.encode())
    assert hosts(None, str(file)) == ["n1", "n2"]
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert hosts(None, "-") == ["n1", "n2"]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hosts.txt"
    file.write_bytes("n1".encode("utf-16"))
    with pytest.raises(CliError, match="cannot be read"):
        hosts(None, str(file))


def test_nodes_come_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n1\nn2\n"))
    assert hosts(None, "-") == ["n1", "n2"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "no node is named"),
        (["N 1"], "cannot be the name of a node"),
        (["N1"], "'N1' cannot be the name of a node"),
        (["n1", "n_1"], "'n_1' cannot be the name of a node"),
        (["n1."], "'n1.' cannot be the name of a node"),
        (["n" * 254], "cannot be the name of a node"),
        ([f"n{n}" for n in range(1001)], "more than 1000"),
    ],
    ids=["none", "bad", "capital", "underscore", "dot", "long", "many"],
)
def test_wrong_usage_is_refused(given: list[str], words: str) -> None:
    with pytest.raises(CliError, match=words) as refused:
        hosts(given, None)
    assert refused.value.code is Exit.USAGE


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(CliError, match="cannot be read"):
        hosts(None, "/there/is/none")


def test_names_fit_into_a_taint_and_are_the_same_for_the_same_nodes() -> None:
    assert make.named(["n1"]) == "n1"
    assert make.named(["n1", "n2"]) == make.named(["n2", "n1"]) != make.named(["n1", "n3"])
    assert make.named(["ip-10-0-0-1.example.com"]).startswith("ip-10-0-0-1-")
    assert len(make.named(["n" * 60, "m"])) <= 63


VERSION = {"uid": "uid-a", "resourceVersion": "7"}


class Fake:
    """The API server's answers, and what was asked for."""

    def __init__(self, *objects: Object) -> None:
        self.objects = list(objects)
        self.asked: list[tuple[Any, ...]] = []
        self.conflicts = 0

    async def list(self, *_: Any) -> list[Object]:
        return self.objects

    async def get(self, *_: Any) -> Object:
        return self.objects.pop(0)

    async def delete(self, _: Any, name: str, **version: str) -> None:
        self.asked.append(("delete", name, version))
        self._conflict()

    async def patch(self, _: Any, name: str, body: Object) -> None:
        self.asked.append(("patch", name, body))
        self._conflict()

    def _conflict(self) -> None:
        if self.conflicts:
            self.conflicts -= 1
            raise CliError("changed meanwhile") from Conflict(409)


def maintenance(name: str, nodes: list[str], **status: Any) -> Object:
    meta = {"name": name, "uid": f"uid-{name}", "resourceVersion": "7", "generation": 1}
    return {"metadata": meta, "spec": {"nodes": nodes}, "status": status}


def ran(monkeypatch: pytest.MonkeyPatch, fake: Fake, *nodes: str) -> list[tuple[Any, ...]]:
    import asyncio

    import typer

    monkeypatch.setattr(activate, "run", lambda _, command, *__: asyncio.run(command(fake)))
    with pytest.raises(typer.Exit) as ended:
        activate.activate(list(nodes))
    assert ended.value.exit_code == 0
    return fake.asked


def test_a_maintenance_of_no_other_node_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake(maintenance("a", ["n1"]), maintenance("b", ["n2"]))
    version = {"uid": "uid-a", "resource_version": "7"}
    assert ran(monkeypatch, fake, "n1") == [("delete", "a", version)]


async def test_a_node_that_was_added_meanwhile_is_not_given_back() -> None:
    fake: Any = Fake(maintenance("a", ["n1", "n2"]))
    fake.conflicts = 1
    await activate._take_out(fake, maintenance("a", ["n1"]), ["n1"])
    assert [(verb, *rest) for verb, _, *rest in fake.asked] == [
        ("delete", {"uid": "uid-a", "resource_version": "7"}),
        ("patch", {"metadata": VERSION, "spec": {"nodes": ["n2"]}}),
    ]


async def test_one_that_changes_all_the_time_is_an_error() -> None:
    fake: Any = Fake(*(maintenance("a", ["n1"]) for _ in range(9)))
    fake.conflicts = 9
    with pytest.raises(CliError, match="changed meanwhile"):
        await activate._take_out(fake, maintenance("a", ["n1"]), ["n1"])
    assert len(fake.asked) == 5


async def test_one_of_the_same_name_that_was_made_anew_is_left_alone() -> None:
    anew = maintenance("a", ["n1"])
    anew["metadata"]["uid"] = "another"
    fake: Any = Fake(anew)
    fake.conflicts = 1
    await activate._take_out(fake, maintenance("a", ["n1"]), ["n1"])
    assert len(fake.asked) == 1


def test_from_others_the_node_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ran(monkeypatch, Fake(maintenance("a", ["n1", "n2", "n3"])), "n2", "n9")
    assert asked == [("patch", "a", {"metadata": VERSION, "spec": {"nodes": ["n1", "n3"]}})]


def test_a_node_that_no_maintenance_names_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CliError, match="no Maintenance names n9"):
        ran(monkeypatch, Fake(maintenance("a", ["n1"])), "n9")


def marked(name: str, mark: str = "", taint: str = "") -> Object:
    """A node, with the mark and the taint of a Maintenance."""
    notes = {"echelon.dev/maintenance": mark} if mark else {}
    key = {"key": "echelon.dev/maintenance", "effect": "PreferNoSchedule"}
    meta = {"name": name, "uid": name, "resourceVersion": "1", "annotations": notes}
    return {"metadata": meta, "spec": {"taints": [{**key, "value": taint}] if taint else []}}


class Back(Fake):
    """Lists of nodes, one after the other."""

    def __init__(self, *lists: list[Object]) -> None:
        super().__init__()
        self.lists = list(lists)

    async def list(self, *_: Any) -> list[Object]:
        return self.lists.pop(0)


async def test_nodes_are_given_back_when_mark_and_taint_are_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "_EVERY", 0.0)
    other = marked("n9", "a/uid-a", "a")
    session: Any = Back(
        [marked("n1", "a/uid-a", "a"), other],
        [marked("n1", "", "a"), other],
        [marked("n1", "b/uid-b", "b"), other],
    )
    await waiting.until_given_back(session, ["n1"], {"a/uid-a"}, None)
    assert session.lists == [], "another Maintenance holds it now"


async def test_nodes_that_nobody_gives_back_end_the_patience() -> None:
    session: Any = Back([marked("n1", "a/uid-a", "a")])
    with pytest.raises(CliError, match="1 of 2 nodes are not given back: n1") as ended:
        await waiting.until_given_back(session, ["n1", "n2"], {"a/uid-a"}, -1.0)
    assert ended.value.code is Exit.TIMEOUT


def conditions(**states: str) -> list[Object]:
    return [{"type": kind, "status": state, "message": kind} for kind, state in states.items()]


async def test_waiting_ends_when_all_nodes_are_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_EVERY", 0.0)
    made = maintenance("a", ["n1"])
    busy = maintenance("a", ["n1"], observedGeneration=1, conditions=conditions(Ready="False"))
    done = maintenance("a", ["n1"], observedGeneration=1, conditions=conditions(Ready="True"))
    session: Session = Fake(made, busy, done)  # type: ignore[assignment]
    assert await waiting.until_done(session, made, None) is Exit.DONE


async def test_waiting_goes_on_if_a_person_is_needed_for_a_moment_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "_EVERY", 0.0)
    made, stuck = maintenance("a", ["n1"]), conditions(Ready="False", Stalled="True")
    moment = [maintenance("a", ["n1"], observedGeneration=1, conditions=stuck)] * 9
    going = maintenance("a", ["n1"], observedGeneration=1, conditions=conditions(Ready="False"))
    done = maintenance("a", ["n1"], observedGeneration=1, conditions=conditions(Ready="True"))
    session: Session = Fake(*moment, going, *moment, done)  # type: ignore[assignment]
    assert await waiting.until_done(session, made, None) is Exit.DONE


async def test_waiting_ends_when_a_person_is_needed_or_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "_EVERY", 0.0)
    made = maintenance("a", ["n1"])
    stuck = conditions(Ready="False", Stalled="True")
    answers = [maintenance("a", ["n1"], observedGeneration=1, conditions=stuck)] * 10
    session: Session = Fake(*answers)  # type: ignore[assignment]
    with pytest.raises(CliError) as ended:
        await waiting.until_done(session, made, None)
    assert ended.value.code is Exit.FAILED
    session = Fake(made)  # type: ignore[assignment]
    with pytest.raises(CliError) as ended:
        await waiting.until_done(session, made, -1.0)
    assert ended.value.code is Exit.TIMEOUT
