"""A running informer and the mirror that it keeps, for tests."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from controller.kube.client import Client
from controller.kube.codec import Codec
from controller.kube.informer import Informer
from controller.kube.resources import PODS


@dataclass(frozen=True)
class Thing:
    key: str
    uid: str
    resource_version: str


def thing(body: dict[str, Any]) -> Thing:
    meta = body["metadata"]
    return Thing(f"{meta['namespace']}/{meta['name']}", meta["uid"], meta["resourceVersion"])


def read_event(line: bytes) -> tuple[str, Thing]:
    event = json.loads(line)
    return event["type"], thing(event["object"])


def read_page(raw: bytes) -> tuple[list[Thing], str, str]:
    page = json.loads(raw)
    meta = page["metadata"]
    return (
        [thing(item) for item in page["items"]],
        meta.get("continue", ""),
        meta.get("resourceVersion", ""),
    )


class Mirror:
    """The objects according to the informer, and all calls that it made."""

    def __init__(self) -> None:
        self.view: dict[str, Thing] = {}
        self.said: list[str] = []

    def put(self, item: Thing) -> None:
        self.said.append(f"put {item.key}")
        self.view[item.key] = item

    def delete(self, key: str, uid: str) -> None:
        """As a receiver should, it takes no notice of an object that it does not have."""
        if key in self.view and self.view[key].uid == uid:
            self.said.append(f"delete {key} {uid}")
            del self.view[key]

    def held(self, namespace: str | None) -> dict[str, str]:
        prefix = f"{namespace}/" if namespace else ""
        return {k: item.uid for k, item in self.view.items() if k.startswith(prefix)}


class Running:
    """A running informer; ``pauses`` are its back-offs in seconds (the test does not wait)."""

    def __init__(
        self,
        client: Client,
        mirror: Mirror,
        namespaces: tuple[str, ...] = (),
        *,
        confirm: bool = False,
    ) -> None:
        self.pauses: list[float] = []
        self.informer = Informer(
            client,
            PODS,
            codec=Codec(read_event, read_page),
            on_put=mirror.put,
            on_delete=mirror.delete,
            held=mirror.held,
            namespaces=namespaces,
            confirm=confirm,
            sleep=self._sleep,
        )
        self.task = asyncio.create_task(self.informer.run())

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0.001)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
