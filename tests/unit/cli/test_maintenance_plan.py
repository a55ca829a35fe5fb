"""`echelon maintenance plan`: what is read, which flags are refused, what is printed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import typer

from controller.api.job import Job
from controller.api.maintenance import MaintenanceSpec
from controller.api.sla import MaintenanceSla
from controller.api.update import Update
from controller.cli.exits import CliError, Exit
from controller.cli.maintenance import plan as command
from controller.cli.maintenance.budgets import budget_state, selects
from controller.cli.maintenance.flags import drain_spec
from controller.cli.maintenance.reading import job_state
from controller.cli.session import Session
from controller.kube.errors import NotFound
from controller.resource import Resource
from tests.unit.ui.objects import NOW, job, pod, update

Object = dict[str, Any]


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        (None, {}, False),
        ({}, {}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "1", "b": "2"}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "2"}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]}]}, {"a": "1"}, True),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]}]}, {}, False),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, {}, True),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"a": ""}, True),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {"a": ""}, False),
    ],
)
def test_selectors(selector: Object | None, labels: dict[str, str], expected: bool) -> None:
    assert selects(selector, labels) is expected


def _pod(name: str, ready: bool) -> Object:
    ready_condition = {"type": "Ready", "status": str(ready)}
    meta = {"name": name, "uid": name, "namespace": "ops", "labels": {"app": "a"}}
    return {"metadata": meta, "status": {"conditions": [ready_condition]}}


@pytest.mark.parametrize(
    ("policy", "healthy", "covered"),
    [("", 1, {"good", "bad"}), ("AlwaysAllow", 1, {"good"}), ("", 2, {"good"})],
)
def test_pods_that_are_not_ready_go_as_the_budget_says(
    policy: str, healthy: int, covered: set[str]
) -> None:
    raw = {
        "metadata": {"namespace": "ops", "name": "a"},
        "spec": {
            "selector": {"matchLabels": {"app": "a"}},
            "unhealthyPodEvictionPolicy": policy or "IfHealthyBudget",
        },
        "status": {"disruptionsAllowed": 1, "currentHealthy": healthy, "desiredHealthy": 2},
    }
    found = budget_state(raw, [_pod("good", ready=True), _pod("bad", ready=False)])
    assert (found.covers, found.allowed) == (covered, 1)


def _job(**spec: Any) -> Job:
    raw = job(instances=4)
    raw["spec"] |= spec
    return Job.model_validate(raw)


def test_the_agreement_of_the_job_comes_before_that_of_the_maintenance() -> None:
    of_all = MaintenanceSpec(nodes=("n1",), sla=MaintenanceSla(min_available="50%"))
    pods = [pod(i) for i in range(4)]
    uids = {each["metadata"]["uid"] for each in pods}

    def said(spec: MaintenanceSpec, **own: Any) -> tuple[int | None, str]:
        ahead = job_state(_job(**own), pods, [], spec, NOW).foresight
        return ahead.at_once, ahead.if_marked(uids).held.message

    at_once, words = said(of_all, sla={"minAvailable": 3})
    assert (at_once, "3 must (sla.minAvailable is 3)" in words) == (1, True)
    at_once, words = said(of_all)
    assert (at_once, "2 must (the Maintenance's sla.minAvailable is 50%)" in words) == (2, True)
    at_once, words = said(MaintenanceSpec(nodes=("n1",)))
    assert (at_once, "3 must: without an sla one moves at a time" in words) == (1, True)


def test_an_instance_counts_when_it_was_available_for_long_enough() -> None:
    sla = {"minAvailable": 1, "durationSeconds": 10**6}
    found = job_state(_job(sla=sla), [pod(0), pod(1)], [], MaintenanceSpec(nodes=("n1",)), NOW)
    ahead = found.foresight.if_marked({"uid-shop-web-0"})
    assert (found.foresight.lasting, ahead.evicted) == (10**6, frozenset())


def test_an_active_update_is_known() -> None:
    raw = update(phase="RollForwardPaused", counts={"total": 4}, instances={})
    held = {"name": "web-g2", "uid": raw["metadata"]["uid"]}
    whole = Job.model_validate(job(instances=4, activeUpdate=held))
    ended = Update.model_validate(update("web-g1", phase="RolledBack"))
    there = [pod(i) for i in range(4)]
    found = job_state(
        whole, there, [Update.model_validate(raw), ended], MaintenanceSpec(nodes=("n1",)), NOW
    )
    assert found.foresight.update == ("web-g2", False)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"available_for": 5}, "--available-for needs"),
        ({"empty_dirs": True}, "--delete-emptydir-data needs"),
        ({"at_once": "0"}, "--max-concurrent-nodes 0 is no number from 1 to"),
        ({"at_once": "0%"}, "--max-concurrent-nodes 0% is no number from 1 to"),
        ({"at_once": "all"}, "--max-concurrent-nodes all is no number from 1 to"),
        ({"at_once": "101%"}, "nor a percentage from 1% to 100%"),
        ({"min_available": "often"}, "--min-available often is no number from 0 to 2147483647"),
        ({"min_available": "200%"}, "--min-available 200% is no number .* from 0% to 100%"),
        ({"min_available": "9" * 5000}, "--min-available 9{19}… is no number"),
        ({"min_available": "9" * 5000 + "%"}, "--min-available 9{19}… is no number"),
        ({"min_available": "2147483648"}, "--min-available 2147483648 is no number"),
        ({"min_available": "-1"}, "--min-available -1 is no number"),
        ({"min_available": "٣"}, "--min-available ٣ is no number"),
        ({"min_available": ""}, "--min-available  is no number"),
        ({"min_available": "1.5"}, "--min-available 1.5 is no number"),
    ],
)
def test_wrong_flags_are_refused(flags: Object, words: str) -> None:
    given: Object = {"at_once": None, "min_available": None, "available_for": None}
    with pytest.raises(CliError, match=words) as refused:
        drain_spec(**given | {"evict_others": False, "empty_dirs": False} | flags)
    assert refused.value.code is Exit.USAGE


def test_flags_make_a_spec() -> None:
    spec = drain_spec("25%", "90%", 60, 30, evict_others=True, empty_dirs=True)
    assert spec == {
        "mode": "Drain",
        "maxConcurrentNodes": "25%",
        "sla": {"minAvailable": "90%", "durationSeconds": 60},
        "timeoutSeconds": 30,
        "otherPods": "Evict",
        "deleteEmptyDirData": True,
    }


@pytest.mark.parametrize("text", ["05", "5%", "05%", "100%", "0"])
def test_numbers_are_written_as_the_api_server_takes_them(text: str) -> None:
    spec = drain_spec(None, text, None, evict_others=False, empty_dirs=False)
    wanted = int(text.removesuffix("%"))
    assert spec["sla"]["minAvailable"] == (f"{wanted}%" if "%" in text else wanted)


class Api:
    """A client that answers from lists, by kind."""

    def __init__(self, **lists: list[Object]) -> None:
        self.lists = lists

    async def list(
        self, resource: Resource, _: str | None = None, **select: str | None
    ) -> AsyncIterator[Object]:
        field = select.get("field_selector")
        for each in self.lists.get(resource.plural, []):
            if field is None or field == f"spec.nodeName={each['spec']['nodeName']}":
                yield each

    async def get(self, resource: Resource, namespace: str, name: str) -> Object:
        for each in self.lists.get(resource.plural, []):
            if each["metadata"]["name"] == name:
                return each
        raise NotFound(404, "NotFound", f"{name} in {namespace}")


def planned(monkeypatch: pytest.MonkeyPatch, api: Api, *nodes: str, **flags: Any) -> Exit:
    client: Any = api
    monkeypatch.setattr(command.time, "time", lambda: NOW)
    monkeypatch.setattr(command, "run", lambda _, made: asyncio.run(made(Session(client, "x"))))
    with pytest.raises(typer.Exit) as ended:
        command.plan(list(nodes), **flags)
    return Exit(ended.value.exit_code)


def shop() -> Api:
    nodes = [{"metadata": {"name": n, "uid": n, "resourceVersion": "1"}} for n in ("n1", "n2")]
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    pods = [pod(i, node="n1" if i < 3 else "n2") for i in range(4)]
    whole = job(instances=4)
    whole["spec"]["sla"] = {"minAvailable": 3}
    return Api(nodes=[each | {"status": ready} for each in nodes], pods=pods, echelonjobs=[whole])


def test_the_table_says_what_can_go_and_what_cannot(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planned(monkeypatch, shop(), "n1", "n2", "n9") is Exit.FAILED
    out, err = capsys.readouterr()
    lines = [line.split(maxsplit=4) for line in out.splitlines()]
    assert [line[:4] for line in lines] == [
        ["NODE", "DRAIN", "INSTANCES", "PODS"],
        ["n1", "Steps", "3", "0"],
        ["n2", "Now", "1", "0"],
        ["n9", "NotFound", "0", "0"],
    ]
    assert "3 here, 1 may go now" in lines[1][4]
    assert "1 of 3 nodes can go now, together: n2" in err
    assert "the whole takes about" in err
    assert "no completed update" in err


def test_a_job_that_is_gone_binds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    api = shop()
    api.lists["echelonjobs"] = []
    assert planned(monkeypatch, api, "n1") is Exit.DONE


def test_a_node_in_maintenance_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    api = shop()
    for name, created in (("new", "2026-01-02T00:00:00Z"), ("old", "2026-01-01T00:00:00Z")):
        meta = {"name": name, "creationTimestamp": created}
        api.lists.setdefault("maintenances", []).append(
            {"metadata": meta, "spec": {"nodes": ["n2"]}}
        )
    assert planned(monkeypatch, api, "n2") is Exit.FAILED
    assert "Maintenance old names this node already" in capsys.readouterr().out


def test_programs_get_numbers_and_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planned(monkeypatch, shop(), "n1", "n2", form=command.Form.JSON) is Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["together"] == ["n2"]
    assert found["nodes"][0]["bounds"][0]["mayGo"] == 1
    assert found["estimate"]["seconds"] >= 0
    planned(monkeypatch, shop(), "n1", "n2", form=command.Form.NAME)
    assert capsys.readouterr().out == "node/n2\n"
