"""A codec of models, for which one object that cannot be read is no reason to lose the others."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from controller.api.lenient import lenient, unreadable
from controller.kube import deep
from controller.kube.codec import Codec, Keyed, each_read, listed

log = logging.getLogger(__name__)

W = TypeVar("W", bound=BaseModel)
K = TypeVar("K", bound=Keyed)


class _Event(BaseModel, Generic[W]):
    type: str
    object: W


class _Page(BaseModel, Generic[W]):
    metadata: dict[str, Any]
    items: list[W]


def codec(
    model: type[W],
    slim: Callable[[W], K],
    otherwise: Callable[[dict[str, Any], str], K | None] = lambda *_: None,
) -> Codec[K]:
    """A codec that parses the fields of ``model`` and keeps what ``slim`` makes of them.

    ``otherwise(raw, words)`` returns what is kept of an object that cannot be read, or None;
    ``words`` say what cannot be read.
    """

    def read(raw: dict[str, Any]) -> K | None:
        try:
            return slim(lenient(model, raw))
        except ValidationError as error:
            log.error("%s cannot be read: %s", raw["metadata"].get("name"), error)
            return otherwise(raw, unreadable(error))

    event: TypeAdapter[_Event[W]] = TypeAdapter(_Event[model])  # type: ignore[valid-type]
    page: TypeAdapter[_Page[W]] = TypeAdapter(_Page[model])  # type: ignore[valid-type]

    def read_event(line: bytes) -> tuple[str, K]:
        try:
            parsed = event.validate_json(line)
        except ValidationError:
            raw = json.loads(line)
            if (item := read(raw["object"])) is None:
                raise
            return raw["type"], item
        return parsed.type, slim(parsed.object)

    def read_page(raw: bytes) -> tuple[list[K], str, str]:
        try:
            parsed = page.validate_json(raw)
        except ValidationError:
            # One object that cannot be read must not keep the others from being read.
            found = deep.page(raw)
            found.tell(deep.left_out)
            meta = found.content["metadata"]
            items = [kept for kept in each_read(read, found.items) if kept is not None]
        else:
            meta, items = parsed.metadata, list(each_read(slim, parsed.items))
        return listed(items, meta)

    return Codec(event=read_event, page=read_page)
