"""A small API server for forcing faults: objects in memory, scripted failures, steered watches.

It knows resourceVersions, uid preconditions, merge patches, paging and bookmarks as far as the
tests need them. Tests of the real behaviour run against a real API server.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from controller.kube.config import Connection


@dataclass
class Seen:
    """One request as the server received it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Watch:
    """An open watch: ``send`` lines, then ``end`` it in order or ``cut`` the connection."""

    query: dict[str, str]
    lines: asyncio.Queue[bytes | BaseException | None] = field(default_factory=asyncio.Queue)

    def send(self, type: str, body: dict[str, Any]) -> None:
        self.lines.put_nowait(json.dumps({"type": type, "object": body}).encode() + b"\n")

    def send_raw(self, data: bytes) -> None:
        self.lines.put_nowait(data)

    def end(self) -> None:
        self.lines.put_nowait(None)

    def cut(self) -> None:
        self.lines.put_nowait(ConnectionResetError())


Answer = Callable[[Seen], web.StreamResponse]


class FakeApi:
    """``objects`` maps paths to objects; the next matching requests consume ``faults`` in order;
    ``watches`` receives each watch that is opened."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.objects: dict[str, dict[str, Any]] = {}
        self.faults: list[tuple[str, Answer]] = []
        #: Paths that nobody may read.
        self.forbidden: set[str] = set()
        self.watches: asyncio.Queue[Watch] = asyncio.Queue()
        self.page_size = 500
        #: Verbs that the server does not answer.
        self.silent: set[str] = set()
        #: Verbs whose next requests lose their connection; each counts once.
        self.cuts: list[str] = []
        self._over = asyncio.Event()
        self._version = itertools.count(100)
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._server = TestServer(app)

    async def start(self) -> Connection:
        await self._server.start_server()
        return Connection(server=f"http://127.0.0.1:{self._server.port}")

    async def stop(self) -> None:
        self._over.set()
        await self._server.close()

    def put(self, collection: str, name: str, uid: str = "", **spec: Any) -> dict[str, Any]:
        """Store an object under the path of a collection. Returns the object."""
        version = str(next(self._version))
        metadata = {"name": name, "namespace": "ns", "uid": uid or f"uid-{name}"}
        body = {"metadata": {**metadata, "resourceVersion": version}, "spec": spec}
        self.objects[f"{collection}/{name}"] = body
        return body

    def fail(self, verb: str, status: int, times: int = 1, **answer: Any) -> None:
        """Refuse the next requests of a verb (a method, or LIST, or WATCH)."""
        headers = answer.pop("headers", {})

        def refuse(_: Seen) -> web.Response:
            return web.json_response({"kind": "Status", **answer}, status=status, headers=headers)

        self.faults.extend([(verb, refuse)] * times)

    def count(self, verb: str) -> int:
        return sum(_verb(seen) == verb for seen in self.seen)

    # -- serving -----------------------------------------------------------------------------

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else None
        seen = Seen(request.method, request.path, dict(request.query), dict(request.headers), body)
        self.seen.append(seen)
        verb = _verb(seen)
        if verb in self.silent:
            await self._over.wait()
        if verb in self.cuts:
            self.cuts.remove(verb)
            assert request.transport is not None
            request.transport.abort()
        for index, (wanted, answer) in enumerate(self.faults):
            if wanted == verb:
                del self.faults[index]
                return answer(seen)
        if seen.path in self.forbidden:
            return _status(403, "Forbidden")
        if verb == "WATCH":
            return await self._watch(request, seen)
        return self._answer(verb, seen)

    def _answer(self, verb: str, seen: Seen) -> web.Response:
        match verb:
            case "LIST":
                return self._list(seen)
            case "POST":
                return self._create(seen)
            case "PATCH":
                return self._patch(seen)
        found = self.objects.get(seen.path)
        if found is None:
            return _status(404, "NotFound")
        if verb == "DELETE":
            wanted = (seen.body or {}).get("preconditions", {}).get("uid")
            if wanted and wanted != found["metadata"]["uid"]:
                return _status(409, "Conflict")
            del self.objects[seen.path]
        return web.json_response(found)

    def _list(self, seen: Seen) -> web.Response:
        prefix = seen.path + "/"
        items = [body for path, body in sorted(self.objects.items()) if path.startswith(prefix)]
        start = int(seen.query.get("continue", "0"))
        page, rest = items[start : start + self.page_size], items[start + self.page_size :]
        metadata = {"resourceVersion": str(next(self._version))}
        if rest:
            metadata["continue"] = str(start + self.page_size)
        return web.json_response({"metadata": metadata, "items": page})

    def _create(self, seen: Seen) -> web.Response:
        path = f"{seen.path}/{seen.body['metadata']['name']}"
        if path in self.objects:
            return _status(409, "AlreadyExists")
        version = str(next(self._version))
        metadata = {**seen.body["metadata"], "resourceVersion": version, "uid": f"uid-{version}"}
        self.objects[path] = {**seen.body, "metadata": metadata}
        return web.json_response(self.objects[path], status=201)

    def _patch(self, seen: Seen) -> web.Response:
        found = self.objects.get(seen.path)
        if found is None:
            return _status(404, "NotFound")
        if isinstance(seen.body, list):
            return self._json_patch(seen, found)
        wanted = seen.body.get("metadata", {}).pop("resourceVersion", None)
        if wanted and wanted != found["metadata"]["resourceVersion"]:
            return _status(409, "Conflict")
        merged = _merge(found, seen.body)
        merged["metadata"]["resourceVersion"] = str(next(self._version))
        self.objects[seen.path] = merged
        return web.json_response(merged)

    def _json_patch(self, seen: Seen, found: dict[str, Any]) -> web.Response:
        patched = json.loads(json.dumps(found))
        for step in seen.body:
            *parents, last = (p.replace("~1", "/") for p in step["path"].split("/")[1:])
            inside = patched
            for name in parents:
                if name not in inside:
                    return _status(422, "Invalid")
                inside = inside[name]
            if step["op"] == "add":
                inside[last] = step["value"]
            elif last not in inside or step.get("value", inside[last]) != inside[last]:
                return _status(422, "Invalid")
            elif step["op"] == "remove":
                del inside[last]
        patched["metadata"]["resourceVersion"] = str(next(self._version))
        self.objects[seen.path] = patched
        return web.json_response(patched)

    async def _watch(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        watch = Watch(seen.query)
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        self.watches.put_nowait(watch)
        while True:
            item = await watch.lines.get()
            if item is None:
                return response
            if isinstance(item, BaseException):
                assert request.transport is not None
                request.transport.abort()
                return response
            await response.write(item)


def _verb(seen: Seen) -> str:
    if seen.method != "GET":
        return seen.method
    if "watch" in seen.query:
        return "WATCH"
    return "LIST" if "limit" in seen.query else "GET"


def _status(code: int, reason: str) -> web.Response:
    return web.json_response({"kind": "Status", "code": code, "reason": reason}, status=code)


def _merge(old: Any, new: Any) -> Any:
    if not isinstance(new, dict) or not isinstance(old, dict):
        return new
    merged = dict(old)
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged
