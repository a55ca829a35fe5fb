"""Finds out whether the API server serves a resource."""

from __future__ import annotations

import json
from typing import Any

from controller.kube.client import Client
from controller.kube.errors import NotFound
from controller.kube.request import Request
from controller.resource import Resource


async def serves(client: Client, resource: Resource) -> bool:
    """Whether discovery lists the resource; False until its CRD is installed."""
    group = f"/apis/{resource.api_version}" if resource.group else f"/api/{resource.version}"
    try:
        found = await _get(client, resource, group)
        # The API server serves a new group a moment before it lists the group.
        every = await _get(client, resource, "/apis")
    except NotFound:
        return False
    listed = not resource.group or any(g["name"] == resource.group for g in every["groups"])
    return listed and any(entry["name"] == resource.plural for entry in found["resources"])


async def _get(client: Client, resource: Resource, path: str) -> dict[str, Any]:
    answer = await client.raw(Request("get", resource.plural, "GET", path, "application/json"))
    parsed: dict[str, Any] = json.loads(answer)
    return parsed


async def published(client: Client, api_version: str) -> bytes:
    """What the API server publishes about a group and version under ``/openapi/v3``, as JSON: the
    schemas of its kinds. Every authenticated user may read it. Raises ``ApiError``; ``NotFound``
    while there is none."""
    path = f"/openapi/v3/apis/{api_version}"
    return await client.raw(Request("get", "openapi", "GET", path, "application/json"))
