"""The floor against an API server of this file: the order of its requests, and its window."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hack.bench.floor import Floor, FloorError, Plan
from hack.bench.work import Replacement, Work

_PODS = "/api/v1/namespaces/default/pods"
_SELECTOR = "app=web"


class Api:
    """Pods in memory. A created or changed pod is Ready at once, a deleted one is gone at once.

    ``asked``: every write, such as ``"DELETE web-1"``; ``most``: how many pods were not there at
    the same time, at most, after ``count`` had been created.
    """

    def __init__(self, count: int) -> None:
        self.pods: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.count = count
        self.full = False
        self.most = 0
        self._version = 1
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes([
            web.get(_PODS, self._read),
            web.post(_PODS, self._create),
            web.delete(_PODS + "/{name}", self._delete),
            web.patch(_PODS + "/{name}", self._patch),
            web.patch(_PODS + "/{name}/resize", self._patch),
        ])  # fmt: skip
        return app

    async def _read(self, request: web.Request) -> web.StreamResponse:
        assert request.query["labelSelector"] == _SELECTOR
        if "watch" not in request.query:
            return web.json_response({"metadata": {"resourceVersion": "1"}, "items": []})
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            event = await self._events.get()
            await answer.write(json.dumps(event).encode() + b"\n")

    async def _create(self, request: web.Request) -> web.Response:
        pod = await request.json()
        name = pod["metadata"]["name"]
        self.asked.append(f"POST {name}")
        if name in self.pods:
            return web.json_response({}, status=409)
        pod["status"] = self._ready(pod)
        self.pods[name] = pod
        self.full |= len(self.pods) == self.count
        return self._tell("ADDED", pod, 201)

    async def _delete(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked.append(f"DELETE {name}")
        return self._tell("DELETED", self.pods.pop(name))

    async def _patch(self, request: web.Request) -> web.Response:
        name, (change,) = request.match_info["name"], (await request.json())["spec"]["containers"]
        kind = "RESIZE" if request.path.endswith("/resize") else "PATCH"
        self.asked.append(f"{kind} {name}")
        pod = self.pods[name]
        pod["spec"]["containers"][0] |= change
        pod["status"] = self._ready(pod)
        return self._tell("MODIFIED", pod)

    def _tell(self, kind: str, pod: dict[str, Any], status: int = 200) -> web.Response:
        if self.full:
            self.most = max(self.most, self.count - len(self.pods))
        self._version += 1
        pod["metadata"]["resourceVersion"] = str(self._version)
        self._events.put_nowait({"type": kind, "object": json.loads(json.dumps(pod))})
        return web.json_response({}, status=status)

    @staticmethod
    def _ready(pod: dict[str, Any]) -> dict[str, Any]:
        container = pod["spec"]["containers"][0]
        shown = {key: container[key] for key in ("image", "resources")}
        conditions = [{"type": "Ready", "status": "True"}]
        return {"conditions": conditions, "containerStatuses": [shown]}


def plan(replacement: str, *, strategy: str = "Queue", window: int = 2, first: int = 4) -> Plan:
    """Four pods of one job."""
    work = Work(4, window, Replacement(replacement))
    pods = []
    for version in (1, 2):
        pod = work.template(version)
        pod["metadata"]["name"] = "web-@@"
        pods.append(json.dumps(pod).encode())
    marks = (work.mark(1), work.mark(2))
    return Plan(1, 4, window, first, replacement, strategy, *pods, marks, _SELECTOR)


@pytest.fixture
def api() -> Api:
    return Api(4)


async def roll(api: Api, wanted: Plan) -> list[str]:
    """Create the pods and replace them. Returns the writes of the replacement."""
    async with TestServer(api.app()) as server, aiohttp.ClientSession() as http:
        floor = Floor(http, str(server.make_url("")).rstrip("/"), wanted)
        watch = await floor.begin_watch(http)
        await asyncio.wait_for(floor.create(), 60)
        before = len(api.asked)
        await asyncio.wait_for(floor.roll(), 60)
        watch.cancel()
    return api.asked[before:]


async def test_a_pod_is_created_again_after_it_has_gone(api: Api) -> None:
    asked = await roll(api, plan("Recreate"))
    assert sorted(asked) == sorted(f"{verb} web-{i}" for verb in ("DELETE", "POST")
                                   for i in range(4))  # fmt: skip
    assert all(asked.index(f"DELETE web-{i}") < asked.index(f"POST web-{i}") for i in range(4))
    images = {pod["spec"]["containers"][0]["image"] for pod in api.pods.values()}
    assert images == {Work(1, 1).mark(2)}


@pytest.mark.parametrize("strategy", ["Queue", "Batch"])
@pytest.mark.parametrize("window", [1, 3])
async def test_never_more_than_the_window_is_down(api: Api, strategy: str, window: int) -> None:
    await roll(api, plan("Recreate", strategy=strategy, window=window))
    assert 1 <= api.most <= window


async def test_a_batch_starts_when_the_one_before_is_done(api: Api) -> None:
    asked = await roll(api, plan("InPlace", strategy="Batch", window=2))
    assert [set(asked[:2]), set(asked[2:])] == [
        {"PATCH web-0", "PATCH web-1"},
        {"PATCH web-2", "PATCH web-3"},
    ]


@pytest.mark.parametrize(("replacement", "verb"), [("InPlace", "PATCH"), ("Resize", "RESIZE")])
async def test_in_place_takes_one_write_per_pod(api: Api, replacement: str, verb: str) -> None:
    asked = await roll(api, plan(replacement))
    assert sorted(asked) == [f"{verb} web-{i}" for i in range(4)]


async def test_a_surge_deletes_the_old_pod_after_the_new_one_is_ready(api: Api) -> None:
    asked = await roll(api, plan("Surge", window=1))
    assert asked == [each for i in range(4) for each in (f"POST web-{i}-s", f"DELETE web-{i}")]
    assert api.most == 0


async def test_the_way_back_replaces_only_the_first_ones(api: Api) -> None:
    asked = await roll(api, plan("InPlace", first=2))
    assert sorted(asked) == ["PATCH web-0", "PATCH web-1"]


async def test_a_refused_request_ends_it(api: Api) -> None:
    api.pods["web-2"] = {}
    with pytest.raises(FloorError, match="POST : 409"):
        await roll(api, plan("Recreate"))
