"""Fills the store: an informer for all nodes, one for the pods of each node that matters now, and a
periodic list of Maintenances, whose changes come from kopf (`controller.handlers`)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import Any

from controller.api.kinds import MAINTENANCES
from controller.kube.client import Client
from controller.kube.errors import ApiError
from controller.kube.following import Following
from controller.kube.informer import Informer
from controller.kube.resources import NODES, PODS
from controller.maintenance.decode import NODE_CODEC, POD_CODEC, NodeObject, PodObject
from controller.maintenance.store import Store

log = logging.getLogger(__name__)

_AGAIN = 2.0


class Feeds:
    """``run()`` works until cancelled. ``every``: seconds between two lists of Maintenances."""

    def __init__(self, client: Client, store: Store, every: float) -> None:
        self._client = client
        self._store = store
        self._every = every
        self._again = asyncio.Event()
        self._listed = False
        self._following = Following(client)
        self.nodes: Informer[NodeObject] = self._following.of(
            NODES, NODE_CODEC, store.put_node, store.drop_node, store.nodes_held
        )
        self._pods: dict[str, tuple[Informer[PodObject], asyncio.Task[None]]] = {}

    @property
    def filled(self) -> bool:
        """Whether nodes and Maintenances were listed once."""
        return self._listed and self.nodes.synced.is_set()

    def look_again(self) -> None:
        """List Maintenances now: kopf never reports one that was deleted before it watched."""
        self._again.set()

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.nodes.run(), name="informer nodes")
                group.create_task(self._list_for_ever(), name="list of maintenances")
        finally:
            self.watch(frozenset())

    async def renewed(self) -> None:
        """List everything again. On return the store is as new as the moment of the call."""
        await asyncio.gather(self._insist(), self.nodes.resync())

    # Pods.

    def watch(self, nodes: frozenset[str]) -> None:
        """Follow the pods of these nodes and of no others."""
        for node in self._pods.keys() - nodes:
            _, task = self._pods.pop(node)
            task.cancel()
            self._store.forget_pods(node)
        for node in sorted(nodes - self._pods.keys()):
            self._store.pods[node] = {}
            informer = self._following.of(
                PODS,
                POD_CODEC,
                self._store.put_pod,
                partial(self._store.drop_pod, node),
                partial(self._store.pods_held, node),
                fields=f"spec.nodeName={node}",
            )
            task = asyncio.create_task(self._run(informer), name=f"pods of {node}")
            self._pods[node] = informer, task

    async def _run(self, informer: Informer[PodObject]) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(informer.run())
            await informer.synced.wait()
            # A node without pods causes no event.
            self._store.changed()

    def synced(self, node: str) -> bool:
        """Whether all pods of the node are known."""
        return node in self._pods and self._pods[node][0].synced.is_set()

    # Maintenances.

    async def _list_for_ever(self) -> None:
        while True:
            listed = await self._try_list()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._again.wait(), self._every if listed else _AGAIN)
            self._again.clear()
            # A drained node is looked at again now and then: somebody may have bound a pod to it.
            self._store.drained = {}
            self._store.changed()

    async def _insist(self) -> None:
        while not await self._try_list():  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(_AGAIN / 2)

    async def _try_list(self) -> bool:
        try:
            await self._list()
        except ApiError as error:
            log.warning("cannot list maintenances: %s", error)
            return False
        self._listed = True
        return True

    async def _list(self) -> None:
        missing = {name: each.uid for name, each in self._store.maintenances.items()}
        async for raw in self._client.list(MAINTENANCES, None):
            self._put(raw)
            missing.pop(raw["metadata"]["name"], None)
        for name, uid in missing.items():
            # Nothing follows from this alone: what it marked is taken back after a live read.
            self._store.drop(name, uid)

    def _put(self, raw: dict[str, Any]) -> None:
        try:
            self._store.put(raw)
        except Exception:
            log.exception("Maintenance %s cannot be read", raw["metadata"].get("name"))
