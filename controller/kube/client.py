"""The verbs of the API server over one HTTP session: dicts or bytes in, dicts or bytes out.

Requests are never retried here, but for one after a 401 with fresh credentials: the caller knows
whether a repeat is safe. Failures are ``ApiError``. A write whose answer did not come
(``Unreachable``) may have happened. Watches do not count against the limit of parallel requests.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from controller.kube.config import Connection, ConfigError
from controller.kube.errors import ApiError, Gone, Unreachable, raise_for
from controller.kube.lines import split_lines
from controller.kube.resources import Resource

Body = dict[str, Any] | bytes
#: ``observe(verb, resource, code, seconds)``; code 0: no answer.
Observe = Callable[[str, str, int, float], None]

_PARTIAL: Final = "application/json;as={};g=meta.k8s.io;v=v1,application/json"
_ACCEPT: Final = "application/json"
_ACCEPT_METADATA: Final = _PARTIAL.format("PartialObjectMetadata")
_ACCEPT_METADATA_LIST: Final = _PARTIAL.format("PartialObjectMetadataList")
_PATCH: Final = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
}
#: The API server sends a bookmark every minute: longer silence means a dead connection.
WATCH_SILENCE: Final = 70.0


class Client:
    """One API server. ``async with Client(connection) as client``, or ``await client.close()``.

    ``limit`` bounds the requests in flight. ``guard`` is called immediately before each write is
    sent and raises when this process must not write (any more).
    """

    def __init__(
        self,
        connection: Connection,
        *,
        limit: int = 64,
        observe: Observe | None = None,
        guard: Callable[[], None] | None = None,
        user_agent: str = "echelon-controller",
        read_timeout: float = 10.0,
        write_timeout: float = 8.0,
    ) -> None:
        self.guard = guard
        self._connection = connection
        self._slots = asyncio.Semaphore(limit)
        self._limit = limit
        self._observe = observe
        self._read_timeout = aiohttp.ClientTimeout(total=read_timeout)
        self._write_timeout = aiohttp.ClientTimeout(total=write_timeout)
        self._watch_timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=read_timeout, sock_read=WATCH_SILENCE
        )
        # Compressed answers save a local network nothing and cost both sides CPU.
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    # -- reading ---------------------------------------------------------------------------

    async def get(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        *,
        metadata_only: bool = False,
    ) -> dict[str, Any]:
        accept = _ACCEPT_METADATA if metadata_only else _ACCEPT
        path = resource.path(namespace, name)
        return _parse(await self._call("get", "GET", resource, path, accept))

    async def list_page(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 500,
        continue_token: str | None = None,
        metadata_only: bool = False,
    ) -> bytes:
        """One page as it came. The first page is a consistent read, never one from a cache."""
        query = {
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
            "limit": limit,
            "continue": continue_token,
        }
        accept = _ACCEPT_METADATA_LIST if metadata_only else _ACCEPT
        path = resource.path(namespace) + _query(query)
        return await self._call("list", "GET", resource, path, accept)

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 500,
        metadata_only: bool = False,
    ) -> AsyncIterator[dict[str, Any]]:
        """All objects, page by page behind the scenes.

        When the pages outlive the server's history, the rest comes from its newest state, as the
        server itself offers; one object is still never given twice.
        """
        token: str | None = None
        while True:
            try:
                raw = await self.list_page(
                    resource,
                    namespace,
                    label_selector=label_selector,
                    field_selector=field_selector,
                    limit=limit,
                    continue_token=token,
                    metadata_only=metadata_only,
                )
            except Gone as gone:
                if not token or not gone.continue_token:
                    raise
                token = gone.continue_token
                continue
            page = _parse(raw)
            for item in page.get("items") or ():
                yield item
            token = page.get("metadata", {}).get("continue")
            if not token:
                return

    async def watch(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        resource_version: str,
        label_selector: str | None = None,
        field_selector: str | None = None,
        metadata_only: bool = False,
        timeout_seconds: int = 540,
    ) -> AsyncIterator[bytes]:
        """The raw lines of a watch, bookmarks among them, until the server ends it.

        Raises ``Unreachable`` when it is cut or silent for longer than bookmarks are apart.
        """
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
            "timeoutSeconds": timeout_seconds,
        }
        path = resource.path(namespace) + _query(query)
        accept = _ACCEPT_METADATA if metadata_only else _ACCEPT
        sent = await self._authorized({"Accept": accept})
        started = time.monotonic()
        code = 0
        try:
            async with self._request("GET", path, None, sent, self._watch_timeout) as response:
                code = response.status
                if code >= 400:
                    self._refuse(code, await response.read(), response.headers, sent)
                async for line in split_lines(response.content.iter_any()):
                    yield line
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(_describe(error)) from error
        finally:
            self._observed("watch", resource, code, started)

    # -- writing ---------------------------------------------------------------------------

    async def create(
        self,
        resource: Resource,
        namespace: str | None,
        body: Body,
        *,
        dry_run: bool = False,
        field_manager: str | None = None,
        metadata_only: bool = False,
    ) -> dict[str, Any]:
        """Create; ``metadata_only`` asks for a short answer. Raises ``AlreadyExists``."""
        query = _query(
            {"fieldManager": field_manager, "dryRun": "All" if dry_run else None},
        )
        path = resource.path(namespace) + query
        accept = _ACCEPT_METADATA if metadata_only else _ACCEPT
        return _parse(await self._call("create", "POST", resource, path, accept, body))

    async def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        body: Body | list[dict[str, Any]],
        *,
        subresource: str | None = None,
        content_type: Literal["merge", "json"] = "merge",
        dry_run: bool = False,
        field_manager: str | None = None,
        metadata_only: bool = False,
    ) -> dict[str, Any]:
        """Patch. A merge patch that carries ``metadata.resourceVersion`` is a compare-and-swap:
        ``Conflict`` when the object has another."""
        query = _query(
            {"fieldManager": field_manager, "dryRun": "All" if dry_run else None},
        )
        path = resource.path(namespace, name, subresource) + query
        accept = _ACCEPT_METADATA if metadata_only else _ACCEPT
        kind = _PATCH[content_type]
        return _parse(await self._call("patch", "PATCH", resource, path, accept, body, kind))

    async def delete(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        grace_period_seconds: int | None = None,
        propagation: Literal["Background", "Foreground", "Orphan"] | None = None,
        metadata_only: bool = False,
    ) -> dict[str, Any]:
        """Delete. ``uid`` and ``resource_version`` are preconditions: ``Conflict`` when the
        object is not, or no longer, the one that was meant."""
        preconditions = _given({"uid": uid, "resourceVersion": resource_version})
        options = _given(
            {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "preconditions": preconditions or None,
                "gracePeriodSeconds": grace_period_seconds,
                "propagationPolicy": propagation,
            }
        )
        accept = _ACCEPT_METADATA if metadata_only else _ACCEPT
        path = resource.path(namespace, name)
        return _parse(await self._call("delete", "DELETE", resource, path, accept, options))
