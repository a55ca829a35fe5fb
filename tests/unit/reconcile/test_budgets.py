"""Which disruption budgets matter for a Job, and the one that the operator keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from controller.core.model.plan import KeepBudget
from controller.kube.client import Client
from controller.kube.errors import AlreadyExists, Invalid, NotFound
from controller.reconcile import budgets
from controller.reconcile.budgets import BUDGET_CODEC, BudgetObject
from controller.reconcile.entry import Entry
from controller.reconcile.store import Store
from tests.unit.reconcile.sim import ShellWorld

Make = Callable[..., ShellWorld]
Object = dict[str, Any]
JOB: Object = {"matchLabels": {"echelon.dev/job": "web"}}


def raw(name: str = "mine", version: int = 1, **given: Any) -> Object:
    meta = {"name": name, "namespace": "ns", "uid": f"uid-{name}", "resourceVersion": str(version)}
    status = given.pop("status", {})
    owner = given.pop("owner", "")
    if owner:
        meta["ownerReferences"] = [{"uid": owner, "controller": True}]  # type: ignore[assignment]
    return {"metadata": meta, "spec": {"selector": JOB, **given}, "status": status}


def read(obj: Object) -> BudgetObject:
    line = json.dumps({"type": "ADDED", "object": obj}).encode()
    return BUDGET_CODEC.event(line)[1]


def made(**spec: Any) -> tuple[Store, Entry, list[tuple[str, str]]]:
    """A store with one Job that obeys budgets, and the keys that were marked."""
    marked = list[tuple[str, str]]()
    store = Store(marked.append, lambda: 100.0)
    labels = {"app": "shop", "of": "{{echelon.job}}"}
    given = {"template": {"metadata": {"labels": labels}}, "update": {"slaAware": True}, **spec}
    meta = {"name": "web", "namespace": "ns", "uid": "j1", "resourceVersion": "1", "generation": 1}
    store.put_job({"metadata": meta, "spec": given, "status": {}})
    marked.clear()
    return store, store.entry(("ns", "web")), marked


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        (JOB, True),
        ({}, True),
        (None, False),
        ({"matchLabels": {"app": "shop"}}, True),
        ({"matchLabels": {"app": "bank"}}, False),
        ({"matchLabels": {"of": "web"}}, True),
        ({"matchLabels": {"app": "shop", "tier": "a"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "shop"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["shop"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, True),
        # It selects some of the pods.
        ({"matchLabels": {"echelon.dev/instance": "3"}}, True),
    ],
)
def test_a_budget_that_selects_the_pods(selector: Object | None, selects: bool) -> None:
    store, entry, _ = made()
    store.put_budget(read(raw(selector=selector)))
    assert bool(store.budgets.of(entry)) is selects


def test_a_job_that_obeys_none_pays_for_none() -> None:
    store, entry, marked = made(update={})
    store.put_budget(read(raw()))
    store.put_budget(read(raw("echelon-web", owner="another")))
    assert store.budgets.of(entry) == ()
    assert marked == []
    store.put_budget(read(raw("echelon-web", 2, owner="j1")))
    assert [b.name for b in store.budgets.of(entry)] == ["echelon-web"], "it has to go"


def test_only_news_cause_a_decision() -> None:
    store, _, marked = made()
    store.put_budget(read(raw(status={"disruptionsAllowed": 1, "currentHealthy": 4})))
    assert marked == [("ns", "web")]
    store.put_budget(read(raw(version=2, status={"disruptionsAllowed": 2, "currentHealthy": 5})))
    assert marked == [("ns", "web")]
    evicted = {"disruptionsAllowed": 1, "disruptedPods": {"web-0": "2026-01-01T00:00:00Z"}}
    store.put_budget(read(raw(version=3, status=evicted)))
    assert len(marked) == 2
    store.put_budget(read(raw(version=2)))
    assert len(marked) == 2, "old news"
    store.drop_budget("ns/mine", "uid-another")
    store.drop_budget("ns/mine", "uid-mine")
    assert len(marked) == 3
    assert store.budgets.held(None) == store.budgets.held("ns") == {}


def test_what_a_decision_learns_of_its_own() -> None:
    store, entry, _ = made()
    own = {"minAvailable": 3, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
    store.put_budget(read(raw("echelon-web", owner="j1", **own)))
    (seen,) = store.budgets.of(entry)
    assert (seen.owner, seen.least, seen.as_made, seen.selects) == ("j1", 3, True, True)
    store.put_budget(read(raw("echelon-web", 2, owner="j1", **own, maxUnavailable=1)))
    assert not store.budgets.of(entry)[0].as_made
    store.put_budget(read(raw("echelon-web", 3, owner="j1", minAvailable="50%")))
    assert store.budgets.of(entry)[0].least is None


class Api(Client):
    """Answers with ``found``, or raises the next of ``errors``."""

    def __init__(self, found: Object, *errors: Exception) -> None:
        self.found, self.errors, self.sent = found, list(errors), list[Any]()

    async def create(self, *args: Any, **_: Any) -> Any:
        return self._answer(args[2])

    async def patch(self, *args: Any, **_: Any) -> Any:
        return self._answer(args[3])

    async def get(self, *_: Any, **__: Any) -> Any:
        return self.found

    def _answer(self, body: Any) -> Any:
        self.sent.append(body)
        if self.errors:
            raise self.errors.pop(0)
        return self.found


async def test_a_new_one_is_the_jobs() -> None:
    _, entry, _ = made()
    api = Api(raw("echelon-web"))
    assert await budgets.keep(api, entry, KeepBudget("echelon-web", 3))
    (body,) = api.sent
    assert body["metadata"]["ownerReferences"][0]["uid"] == "j1"
    assert body["spec"] == {
        "minAvailable": 3,
        "selector": JOB,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }


async def test_one_that_is_there_is_read() -> None:
    _, entry, _ = made()
    api = Api(raw("echelon-web", owner="another"), AlreadyExists(409, "AlreadyExists"))
    found = await budgets.keep(api, entry, KeepBudget("echelon-web", 3))
    assert found is not None
    assert found.owner == "another"


async def test_a_change_names_the_uid() -> None:
    _, entry, _ = made()
    change = KeepBudget("echelon-web", 2, "uid-echelon-web")
    api = Api(raw("echelon-web"))
    await budgets.keep(api, entry, change)
    assert api.sent[0][0] == {"op": "test", "path": "/metadata/uid", "value": "uid-echelon-web"}
    gone = Api(raw("echelon-web"), NotFound(404, "NotFound"))
    assert await budgets.keep(gone, entry, change) is None
    with pytest.raises(Invalid):
        await budgets.keep(Api(raw("echelon-web"), Invalid(422, "Invalid")), entry, change)
    other = await budgets.keep(Api(raw("other"), Invalid(422, "Invalid")), entry, change)
    assert other is not None
    assert other.uid == "uid-other"


def test_the_shell_keeps_it(make_world: Make) -> None:
    world = make_world(instances=4, sla={"minAvailable": 3}).ready()
    world.until(lambda: "echelon-web" in world.cluster.budgets, 5)
    world.edit(instances=2)
    world.until(lambda: world.cluster.budgets["echelon-web"].least == 1, 5)
    world.until(lambda: len(world.cluster.pods) == 2, 20)
    world.cluster.put_budget("mine", 1)
    world.until(lambda: "echelon-web" not in world.cluster.budgets, 5)
    world.cluster.drop_budget("mine")
    world.until(lambda: "echelon-web" in world.cluster.budgets, 5)
