"""Reads a long list page by page: the API server prepares a page while the last one is handled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec

from controller.kube.client import Client
from controller.resource import Resource

#: Objects in a page. The memory that a page needs is never given back as a whole.
PAGE: Final = 500


class _Head(msgspec.Struct):
    metadata: dict[str, Any]


_HEAD: Final = msgspec.json.Decoder(_Head)


async def pages(
    client: Client, resource: Resource, namespace: str | None, **select: Any
) -> AsyncGenerator[bytes]:
    """The pages of a list as JSON; ``select``: the selectors of `Client.list_page`. Raises
    ``ApiError``, or ``msgspec.MsgspecError`` if a page is no list. Close it if it is not read to
    the end."""

    def ask(token: str | None) -> asyncio.Task[bytes]:
        page = client.list_page(resource, namespace, limit=PAGE, continue_token=token, **select)
        return asyncio.create_task(page, name=f"page of {resource.plural}")

    asked: asyncio.Task[bytes] | None = ask(None)
    try:
        while asked is not None:
            page = await asked
            token = _HEAD.decode(page).metadata.get("continue")
            asked = ask(token) if token else None
            await asyncio.sleep(0)  # The request is sent before the caller blocks the loop.
            yield page
    finally:
        if asked is not None:
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
