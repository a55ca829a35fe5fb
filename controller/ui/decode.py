"""Decodes bytes of the API server into what the page keeps of Jobs, Updates, pods, Maintenances."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from controller.api.job import Job
from controller.api.lenient import shown, unreadable
from controller.api.maintenance import Maintenance
from controller.api.meta import ObjectMeta
from controller.api.pods.wire import PodWire
from controller.api.update import Update
from controller.kube.codec import Codec, json_codec, struct_codec
from controller.view.instances import Seen, seen

log = logging.getLogger(__name__)

Object = dict[str, Any]
V = TypeVar("V")
W = TypeVar("W", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Item(Generic[V]):
    """An object of a watch. ``value`` None: it is none of ours, or it cannot be read; then
    ``trouble`` says what cannot be read."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    value: V | None
    trouble: str = ""

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"


def codec(wire: type[W], slim: Callable[[W], V | None]) -> Codec[Item[V]]:
    """A codec that parses the fields of ``wire`` and keeps what ``slim`` makes of them."""

    def read(raw: Object) -> Item[V]:
        meta = ObjectMeta.model_validate(raw["metadata"])
        value, trouble = None, ""
        try:
            value = slim(shown(wire, raw))
        except ValidationError as error:
            trouble = unreadable(error)
            log.warning("%s/%s cannot be read: %s", meta.namespace, meta.name, trouble)
        return Item(meta.namespace, meta.name, meta.uid, meta.resource_version, value, trouble)

    return json_codec(read)


def _seen(wire: PodWire) -> Item[Seen]:
    meta = wire.metadata
    return Item(meta.namespace, meta.name, meta.uid, meta.resource_version, seen(wire))


def _same(value: W) -> W:
    return value


JOB_CODEC: Final[Codec[Item[Job]]] = codec(Job, _same)
UPDATE_CODEC: Final[Codec[Item[Update]]] = codec(Update, _same)
MAINTENANCE_CODEC: Final[Codec[Item[Maintenance]]] = codec(Maintenance, _same)
POD_CODEC: Final[Codec[Item[Seen]]] = struct_codec(PodWire, _seen)
