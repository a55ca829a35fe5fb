"""Runs are watched only when a Job needs it, and a missing right is said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from controller.kube.client import Client
from controller.kube.errors import Forbidden
from controller.kube.following import Following as FeedsOf
from controller.reconcile.runs.feeds import run_feeds
from controller.reconcile.runs.store import RunStore
from controller.resource import Resource


class Listing(Client):
    """Lists nothing, and refuses the kinds in ``refused``. A watch stays open."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.asked: list[tuple[str, str | None]] = []

    async def list_page(self, resource: Resource, *_: Any, **how: Any) -> bytes:
        self.asked.append((resource.plural, how.get("label_selector")))
        if resource.plural in self.refused:
            raise Forbidden(403, "Forbidden", f"cannot list {resource.plural}")
        return json.dumps({"metadata": {"resourceVersion": "1"}, "items": []}).encode()

    async def watch(self, *_: Any, **how: Any) -> AsyncIterator[bytes]:  # type: ignore[override]
        if opened := how.get("opened"):
            opened()
        await asyncio.Event().wait()
        yield b""


class Following:
    """The feeds at work."""

    def __init__(self, client: Listing) -> None:
        self.store = RunStore(lambda _: None)
        self.followed = asyncio.Event()
        self.feeds = run_feeds(FeedsOf(client), self.store, on_followed=self.followed.set)

    async def __aenter__(self) -> Following:
        self._task = asyncio.create_task(self.feeds.run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def test_nothing_is_asked_before_a_job_needs_it() -> None:
    client = Listing()
    async with Following(client) as following:
        await following.feeds.renewed()
        assert client.asked == []
        following.store.wanted.set()
        await following.followed.wait()
        assert following.store.followed
        assert sorted(set(client.asked)) == [
            ("cronjobs", "echelon.dev/job"),
            ("jobs", "echelon.dev/job,!echelon.dev/gate"),
        ]
        before = len(client.asked)
        await following.feeds.renewed()
        assert len(client.asked) >= before + 2


async def test_a_missing_right_is_said_and_nothing_counts_as_known() -> None:
    async with Following(Listing("cronjobs")) as following:
        following.store.wanted.set()
        while not following.store.problem():  # noqa: ASYNC110 (no event tells of it)
            await asyncio.sleep(0)
        assert "cannot follow cronjobs" in following.store.problem()
        assert not following.store.followed
        found = following.store.of(("ns", "web"), "j1")
        assert (found.followed, "cronjobs" in found.problem) == (False, True)
