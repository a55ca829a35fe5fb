"""Server-side apply: the API server merges what a manifest says and remembers whose field it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from controller.kube.client import Client
from controller.kube.request import Request
from controller.kube.resources import query_string
from controller.resource import Resource


async def apply(
    client: Client,
    resource: Resource,
    namespace: str | None,
    obj: Mapping[str, Any],
    *,
    field_manager: str,
    force: bool = False,
    dry_run: bool = False,
    warned: Callable[[Sequence[str]], None] | None = None,
) -> dict[str, Any]:
    """Create the object, or change the fields that ``obj`` names. Returns the object as stored.

    Fields that an earlier apply of ``field_manager`` named and ``obj`` does not are removed. Raises
    ``Conflict`` if fields of others would change; ``force`` takes these fields over. A field that
    the API server does not know is an error (``BadRequest``). ``warned`` is called with the
    warnings of the API server.
    """
    query = query_string(
        fieldManager=field_manager,
        force="true" if force else "false",
        fieldValidation="Strict",
        dryRun="All" if dry_run else None,
    )
    path = resource.path(namespace, str(obj["metadata"]["name"])) + query
    body = json.dumps(obj, separators=(",", ":")).encode()
    # JSON is YAML; the API server knows no other content type for an apply.
    kind = "application/apply-patch+yaml"
    request = Request(
        "patch", resource.plural, "PATCH", path, "application/json", body, kind, warned
    )
    stored: dict[str, Any] = json.loads(await client.raw(request))
    return stored
