"""The verbs of the API server: dicts (or bytes) in, dicts out; pages and watch lines as bytes.

Objects are plain dicts, so that fields unknown to this program survive. Failures raise
``ApiError``; nothing is retried (see ``transport``).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from copy import copy
from typing import TYPE_CHECKING, Any, Literal, Self

import msgspec

from controller.kube import deep
from controller.kube.errors import Gone
from controller.kube.lines import lines
from controller.kube.media_types import ACCEPT, ACCEPT_LIST, PATCH_TYPE
from controller.kube.request import Body, Request, dumped
from controller.kube.resources import query_string
from controller.resource import Resource

if TYPE_CHECKING:
    from controller.kube.config import Connection
    from controller.kube.transport import Observe


class Client:
    """One API server: ``async with Client(connection) as client``.

    ``limit`` bounds the number of requests in flight; watches do not count. ``guard`` is called
    immediately before each write is sent and raises when this process must not write. Time-outs are
    seconds per request and start when the request is sent.
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
        # The HTTP library takes long to import; help of the command line needs no connection.
        from controller.kube.transport import Transport

        self._transport = Transport(
            connection,
            limit=limit,
            observe=observe,
            guard=guard,
            user_agent=user_agent,
            read_timeout=read_timeout,
            write_timeout=write_timeout,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._transport.close()

    def with_token(self, token: str) -> Client:
        """A client that acts for the bearer of a token, over the connections of this one, which
        has to be closed last."""
        other = copy(self)
        other._transport = self._transport.with_token(token)
        return other

    async def get(
        self, resource: Resource, namespace: str | None, name: str, *, metadata_only: bool = False
    ) -> dict[str, Any]:
        """The present object, never from a cache. Raises ``NotFound``."""
        path = resource.path(namespace, name)
        return await self._call("get", "GET", resource, path, metadata_only=metadata_only)

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
        """One page of a list as unparsed JSON. Raises ``Gone`` if the token is too old."""
        query = query_string(
            labelSelector=label_selector,
            fieldSelector=field_selector,
            limit=str(limit),
            **{"continue": continue_token},
        )
        path = resource.path(namespace) + query
        accept = ACCEPT_LIST[metadata_only]
        return await self.raw(Request("list", resource.plural, "GET", path, accept))

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 500,
        metadata_only: bool = False,
        too_deep: Callable[[dict[str, Any]], object] = deep.left_out,
    ) -> AsyncGenerator[dict[str, Any]]:
        """All objects, page by page. ``too_deep`` gets the shallow part of what cannot be read.

        If reading takes longer than the server keeps its history, the remaining pages show the
        newest state instead, which the server offers in that case; no object is yielded twice.
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
                if not gone.continue_token or gone.continue_token == token:
                    raise
                token = gone.continue_token
                continue
            page = deep.page(raw)
            for item in page.items:
                yield item
            page.tell(too_deep)
            if not (token := page.token):
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
        opened: Callable[[], None] | None = None,
    ) -> AsyncGenerator[bytes]:
        """The lines of a watch, including bookmarks and errors, until the server ends the watch.

        ``opened`` is called when the server has accepted the watch. Raises ``Unreachable`` if the
        connection breaks, or is silent for longer than the interval between bookmarks.
        """
        query = query_string(
            watch="1",
            allowWatchBookmarks="true",
            resourceVersion=resource_version,
            labelSelector=label_selector,
            fieldSelector=field_selector,
            timeoutSeconds=str(timeout_seconds),
        )
        path = resource.path(namespace) + query
        request = Request("watch", resource.plural, "GET", path, ACCEPT[metadata_only])
        async with aclosing(self._transport.stream(request, opened)) as chunks:
            async for line in lines(chunks):
                yield line

    async def create(
        self,
        resource: Resource,
        namespace: str | None,
        body: Body,
        *,
        dry_run: bool = False,
        warned: Callable[[Sequence[str]], None] | None = None,
        field_manager: str | None = None,
        metadata_only: bool = False,
    ) -> dict[str, Any]:
        """Create the object. Returns it as stored (or only its metadata).

        In a dry run, a field that the API server does not know is an error. ``warned`` is called
        with the warnings of the API server.
        """
        query = query_string(
            fieldManager=field_manager,
            dryRun="All" if dry_run else None,
            fieldValidation="Strict" if dry_run else None,
        )
        path = resource.path(namespace) + query
        return await self._call(
            "create", "POST", resource, path, body=body, metadata_only=metadata_only, warned=warned
        )

    async def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        body: Body,
        *,
        subresource: str | None = None,
        content_type: Literal["merge", "json", "strategic"] = "merge",
        dry_run: bool = False,
        field_manager: str | None = None,
        metadata_only: bool = False,
    ) -> dict[str, Any]:
        """Patch the object. Returns it as stored (or only its metadata).

        A merge patch (strategic or not) with a ``metadata.resourceVersion`` is a compare-and-swap:
        it raises ``Conflict`` if the object has changed since. With a ``metadata.uid`` it raises
        ``Invalid`` if the object of this name has another uid.
        """
        query = query_string(fieldManager=field_manager, dryRun="All" if dry_run else None)
        path = resource.path(namespace, name, subresource) + query
        return await self._call(
            "patch",
            "PATCH",
            resource,
            path,
            body=body,
            content_type=PATCH_TYPE[content_type],
            metadata_only=metadata_only,
        )

    async def replace(
        self, resource: Resource, namespace: str | None, name: str, body: Body
    ) -> dict[str, Any]:
        """Replace the whole object by a compare-and-swap. Returns the object as stored."""
        path = resource.path(namespace, name)
        return await self._call("update", "PUT", resource, path, body=body, metadata_only=False)

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
        """Delete the object. Returns the object as it is now, or a Status if it is gone at once.

        ``uid`` and ``resource_version`` are preconditions: if one of them does not match,
        ``Conflict`` is raised and nothing is deleted.
        """
        options = _given(
            apiVersion="v1",
            kind="DeleteOptions",
            preconditions=_given(uid=uid, resourceVersion=resource_version) or None,
            gracePeriodSeconds=grace_period_seconds,
            propagationPolicy=propagation,
        )
        path = resource.path(namespace, name)
        return await self._call(
            "delete", "DELETE", resource, path, body=options, metadata_only=metadata_only
        )

    async def raw(self, request: Request) -> bytes:
        """Send a request for which there is no method here. Returns the body of the answer."""
        return await self._transport.call(request)

    def stream(self, request: Request) -> AsyncGenerator[bytes]:
        """As ``raw``, but yields the answer as it arrives; only silence ends it (see `watch`)."""
        return self._transport.stream(request)

    async def _call(
        self,
        verb: str,
        method: str,
        resource: Resource,
        path: str,
        *,
        body: Body | None = None,
        content_type: str = "application/json",
        metadata_only: bool,
        warned: Callable[[Sequence[str]], None] | None = None,
    ) -> dict[str, Any]:
        accept = ACCEPT[metadata_only]
        data = None if body is None else dumped(body)
        answer = await self.raw(
            Request(verb, resource.plural, method, path, accept, data, content_type, warned)
        )
        parsed: dict[str, Any] = msgspec.json.decode(answer)
        return parsed


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
