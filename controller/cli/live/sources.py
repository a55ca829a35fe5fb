"""What the picture is drawn from: watches that keep small sets of objects up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.labels import INSTANCE, JOB
from controller.cli.session import Object, Session
from controller.kube.codec import json_codec
from controller.kube.informer import Informer
from controller.kube.resources import PODS
from controller.resource import Resource

#: How many instances one watch of pods covers. The names of so many fit into an address.
WINDOW: Final = 64


@dataclass(frozen=True, slots=True)
class Item:
    """An object as an informer needs it."""

    key: str
    uid: str
    resource_version: str
    body: Object


def _item(body: Object) -> Item:
    meta = body["metadata"]
    meta.pop("managedFields", None)
    return Item(meta["name"], meta["uid"], meta["resourceVersion"], body)


CODEC: Final = json_codec(_item)


class Feed:
    """The objects of one kind that a selector finds. ``keep``: which of them are kept; ``changed``
    is called after each change."""

    def __init__(
        self,
        session: Session,
        resource: Resource,
        changed: Callable[[], None],
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        keep: Callable[[Object], bool] = lambda _: True,
    ) -> None:
        self.objects: dict[str, Object] = {}
        self._changed = changed
        self._keep = keep
        self._informer = Informer(
            session.client,
            resource,
            codec=CODEC,
            on_put=self._put,
            on_delete=self._delete,
            namespaces=(session.namespace,),
            label_selector=label_selector,
            field_selector=field_selector,
        )
        self._task = asyncio.create_task(self._informer.run())

    @property
    def forbidden(self) -> bool:
        """Whether the user may not read these objects."""
        return (self._informer.error or "").startswith("403")

    @property
    def is_settled(self) -> bool:
        """Whether the objects were listed once, or it is known that they cannot be."""
        return self._informer.synced.is_set() or self._informer.error is not None

    async def ready(self) -> None:
        """Return when it is settled."""
        while not self.is_settled:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._informer.synced.wait(), 0.05)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _put(self, item: Item) -> None:
        if self._keep(item.body):
            self.objects[item.key] = item.body
            self._changed()

    def _delete(self, key: str, _uid: str) -> None:
        if self.objects.pop(key, None) is not None:
            self._changed()


class PodWindow:
    """The pods of some instances of a Job. A Job may have 10,000 pods, of which the picture shows
    the few in flight: only these are read, and the next ones, so that the watch is seldom
    replaced. ``ids``: the instances whose pods are known."""

    def __init__(self, session: Session, job: str, changed: Callable[[], None]) -> None:
        self._session = session
        self._job = job
        self._changed = changed
        self._feed: Feed | None = None
        self.ids = NONE
        # The next watch; the present one is shown until that has listed its pods.
        self._coming: Feed | None = None
        self._coming_ids = NONE

    @property
    def pods(self) -> tuple[Object, ...]:
        return tuple(self._feed.objects.values()) if self._feed else ()

    @property
    def forbidden(self) -> bool:
        return self._feed is not None and self._feed.forbidden

    async def show(self, wanted: Ids, following: Ids) -> None:
        """Read the pods of the ids in ``wanted`` (the first ones, if they are many), and of some in
        ``following``, which will be wanted next."""
        if self._coming is not None and self._coming.is_settled:
            await self._replace()
        first = Ids(_first(wanted, WINDOW))
        if first <= (self._coming_ids if self._coming else self.ids):
            return
        if self._coming is not None:
            await self._coming.close()
        self._coming_ids = first | Ids(_first(following - first, WINDOW - len(first)))
        names = ",".join(map(str, self._coming_ids))
        selector = f"{JOB}={self._job},{INSTANCE} in ({names})"
        self._coming = Feed(self._session, PODS, self._changed, label_selector=selector)

    async def ready(self) -> None:
        """Return when the pods asked for are known, or it is known that they cannot be read."""
        if self._coming is not None:
            await self._coming.ready()
            await self._replace()

    async def close(self) -> None:
        for feed in (self._feed, self._coming):
            if feed is not None:
                await feed.close()

    async def _replace(self) -> None:
        old, self._feed, self._coming = self._feed, self._coming, None
        self.ids = self._coming_ids
        if old is not None:
            await old.close()


def _first(ids: Ids, count: int) -> list[int]:
    return [i for i, _ in zip(ids, range(count), strict=False)]
