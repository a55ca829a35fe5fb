"""An object that is nested too deeply hides no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from controller.kube import deep
from controller.kube.client import Client
from controller.kube.errors import NotFound
from controller.kube.resources import PODS
from controller.reconcile.decode import UPDATE_CODEC
from controller.reconcile.feeds import Feeds
from controller.reconcile.revision_objects import REVISION_CODEC
from controller.reconcile.store import Store

#: Deeper than any Python reads, whatever its limit.
LEVELS = 100_000


def nested(levels: int = LEVELS) -> str:
    return '{"a":[' * levels + '"} ]\\"{"' + "]}" * levels


def listing(*items: str, token: str = "") -> bytes:
    meta = json.dumps({"resourceVersion": "9", "continue": token})
    text = f'{{"kind":"List","metadata":{meta},"items":[{",".join(items)}],"more":"items"}}'
    return text.encode()


def named(name: str, more: str = "{}", **fields: Any) -> str:
    meta = {"name": name, "namespace": "ns", "uid": name, "resourceVersion": "5"}
    shown = json.dumps({"metadata": meta, "spec": {"job": "web"}, **fields})
    return f'{shown[:-1]},"data":{more}}}'


def test_a_page_is_read_around_it() -> None:
    raw = listing(named("a"), named("bad", nested()), named("b"), named("c", nested(3)))
    found = deep.page(raw)
    assert [item["metadata"]["name"] for item in found.items] == ["a", "b", "c"]
    assert [item["metadata"]["name"] for item in found.too_deep] == ["bad"]
    assert found.content["metadata"]["resourceVersion"] == "9"
    assert found.content["items"] == []
    assert deep.page(listing(named("a"))).items == [json.loads(named("a"))]
    assert deep.page(listing(named("bad", nested()))).items == []
    assert deep.page(listing()).items == []


def test_what_is_shallow_stays_as_it_is() -> None:
    text = json.dumps({"a": [{"b": {"c": ['"}{', {"d": 1}]}}], "e": "\\"})
    assert deep.shallow(text.encode()) == text.encode()
    cut = json.loads(deep.shallow(f'{{"x":{nested()},"y":[{nested()},2],"z":3}}'.encode()))
    assert cut["y"][1] == 2
    assert cut["z"] == 3


@pytest.mark.parametrize("codec", [UPDATE_CODEC, REVISION_CODEC], ids=["updates", "revisions"])
def test_updates_and_revisions_of_others_are_read(codec: Any) -> None:
    items, token, _ = codec.page(listing(named("a"), named("bad", nested()), named("b"), token="t"))
    assert [item.name for item in items] == ["a", "b"]
    assert token == "t"


class Pages(Client):
    """Its list has one page."""

    def __init__(self, *items: str) -> None:
        self.items = items

    async def list_page(self, *_: Any, **__: Any) -> bytes:
        return listing(*self.items)

    async def get(self, *_: Any, **__: Any) -> dict[str, Any]:
        raise NotFound(404, "NotFound", "not there")


async def test_a_list_leaves_it_out_and_goes_on() -> None:
    pages, told = Pages(named("a"), named("bad", nested()), named("b")), list[dict[str, Any]]()
    found = [item["metadata"]["name"] async for item in pages.list(PODS, too_deep=told.append)]
    assert found == ["a", "b"]
    assert [item["metadata"]["name"] for item in told] == ["bad"]
    assert [item["metadata"]["name"] async for item in pages.list(PODS)] == ["a", "b"]


def job(name: str, template: str) -> str:
    fields = named(name)
    return fields.replace('"job": "web"', f'"template": {template}')


async def test_the_jobs_of_others_are_known_and_a_known_one_stays() -> None:
    good, changed = '{"spec": {"containers": [{"name": "a"}]}}', list[tuple[str, str]]()
    store = Store(changed.append)
    await Feeds(Pages(job("a", good), job("b", good)), store).list_jobs()
    feeds = Feeds(Pages(job("a", nested()), job("b", good), job("new", nested())), store)
    await feeds.list_jobs()
    assert {key[1] for key, entry in store.entries.items() if entry.job} == {"a", "b"}
    assert feeds._too_deep == {("ns", "a"), ("ns", "new")}, "kopf may not get beyond them"
    feeds._client = Pages(job("b", good))
    await feeds.list_jobs()
    assert {key[1] for key, entry in store.entries.items() if entry.job} == {"b"}
    assert feeds._too_deep == set()


async def test_a_job_with_which_the_store_fails_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good, real = '{"spec": {"containers": [{"name": "a"}]}}', Store.put_job

    def failing(store: Store, raw: dict[str, Any]) -> None:
        if raw["metadata"]["name"] == "a":
            raise RecursionError
        real(store, raw)

    monkeypatch.setattr(Store, "put_job", failing)
    store = Store(lambda _: None)
    await Feeds(Pages(job("a", good), job("b", good)), store).list_jobs()
    assert {key[1] for key, entry in store.entries.items() if entry.job} == {"b"}
