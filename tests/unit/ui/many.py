"""The page for many viewers without a cluster: an API server that knows tokens and rights."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from controller.kube.errors import ApiError, Unauthorized
from controller.ui.access import Access
from controller.ui.app import application
from controller.ui.live import Hub
from controller.ui.reads import Reads
from controller.ui.recorder import Recorder
from controller.ui.render import Renderer
from controller.ui.reviews import Reviews, asks
from controller.ui.security import Guard, local
from controller.ui.sessions import Sessions
from controller.ui.site import Site
from controller.ui.store import Store
from controller.ui.tokens import TokenAccess, Tokens
from tests.unit.ui.fakes import FakeClient, FakeWatch
from tests.unit.ui.objects import NOW

Object = dict[str, Any]


class FakeServer(FakeClient):
    """``users``: token -> user. ``rights``: (user, namespace) -> resources that he may list, get
    and patch; namespace "": in all."""

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, str] = {}
        self.rights: dict[tuple[str, str], set[str]] = {}
        self.reviews: list[Object] = []
        self.broken: ApiError | None = None
        self.acts: list[str] = []
        self.token = ""

    def with_token(self, token: str) -> FakeServer:
        other: FakeServer = object.__new__(FakeServer)
        other.__dict__ = {**self.__dict__, "token": token}
        return other

    async def create(self, _resource: Any, _namespace: None, body: Object) -> Object:
        if self.broken is not None:
            raise self.broken
        self.reviews.append(body)
        spec = body["spec"]
        if body["kind"] == "TokenReview":
            user = self.users.get(spec["token"])
            return {"status": {"authenticated": user is not None, "user": {"username": user}}}
        asked = spec["resourceAttributes"]
        what = f"{asked['resource']}/{asked['subresource']}".rstrip("/")
        what = f"patch {what}" if asked["verb"] == "patch" else what
        places = ("", asked["namespace"])
        found = [self.rights.get((spec["user"], place), set()) for place in places]
        return {"status": {"allowed": any(what in each for each in found)}}

    async def patch(self, *args: Any, **more: Any) -> Object:
        self.acts.append(self.token)
        if self.token not in self.users:
            raise Unauthorized(401, "Unauthorized", "Unauthorized")
        return await super().patch(*args, **more)

    async def raw(self, request: Any) -> bytes:
        self.acts.append(self.token)
        return await super().raw(request)


#: What one needs to see all of a namespace, and to steer it.
VIEW = {"echelonjobs", "updates", "pods", "controllerrevisions", "events", "pods/log"}
STEER = VIEW | {"patch updates"}


class Many:
    """The page, its API server, and a browser."""

    def __init__(self, renderer: Renderer) -> None:
        self.api = FakeServer()
        self.now = [0.0]
        self.store, recorder = Store(), Recorder(clock=lambda: NOW)
        watch: Any = FakeWatch()
        self.watch = watch
        client: Any = self.api
        self.site = Site(
            self.store, watch, recorder, Reads(client), "test", lambda: NOW, is_discreet=True
        )
        self.renderer = renderer
        self.hub = Hub(self.site, renderer)
        self.store.listeners += [recorder, self.hub]
        self.guard = Guard((), "echelon")
        self.reviews = Reviews(asks(client), clock=self.clock)
        self.browser: TestClient[web.Request, web.Application]

    def clock(self) -> float:
        return self.now[0]

    def by_token(self, lifetime: float = 3600.0) -> TokenAccess:
        client: Any = self.api
        tokens = Tokens(client, client, clock=self.clock)
        self.sessions = Sessions(lifetime, self.hub.end, clock=self.clock)
        return TokenAccess(self.guard, client, client, tokens, self.sessions, self.reviews)

    async def raw(self, path: str, *headers: tuple[str, bytes]) -> int:
        """The status of the answer to a request with these headers, byte for byte: clients send
        nothing that is no UTF-8."""
        url = self.browser.make_url(path)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        host = f"{url.host}:{url.port}".encode()
        whole = [("Host", host), ("Connection", b"close"), *headers]
        lines = [f"GET {path} HTTP/1.1".encode(), *(n.encode() + b": " + v for n, v in whole)]
        writer.write(b"\r\n".join([*lines, b"", b""]))
        status = int((await reader.readline()).split()[1])
        writer.close()
        return status

    @asynccontextmanager
    async def serve(self, access: Access) -> AsyncIterator[Many]:
        app = application(self.site, self.renderer, access, self.guard, self.hub, ask_again=0.05)
        async with TestClient(TestServer(app)) as browser:
            self.browser = browser
            self.guard.serve(local(browser.port or 0))
            yield self
            await self.hub.close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.browser.port}"

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text of an answer, redirections not followed."""
        async with self.browser.get(path, headers=headers, allow_redirects=False) as response:
            return response.status, await response.text()

    async def form(self, path: str) -> dict[str, str]:
        """The hidden fields of a form, as a browser sends them back."""
        _, html = await self.get(path)
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))

    async def post(
        self, path: str, data: dict[str, str], **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        """Status, text and headers of an answer."""
        sent = {"Origin": self.origin, **headers}
        async with self.browser.post(
            path, data=data, headers=sent, allow_redirects=False
        ) as response:
            return response.status, await response.text(), dict(response.headers)

    async def sign_in(self, token: str, where: str = "/signin") -> tuple[int, str, dict[str, str]]:
        return await self.post("/signin", {**await self.form(where), "token": token})
