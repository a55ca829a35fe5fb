"""Which of the objects that a list lacks are gone.

A list may lack objects that exist: a proxy answered in place of the API server, or a cache is
old. So an object that is missing in a list is only suspected to be gone. The proof is a GET: 404,
another uid, or an object that the label no longer selects.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Set
from typing import Final

from controller.kube.client import Client
from controller.kube.errors import NotFound
from controller.resource import Resource

#: Number of GETs at the same time. Other requests of the client must not wait behind all of them.
AT_ONCE: Final = 8


async def gone(
    client: Client,
    resource: Resource,
    missing: Mapping[str, str],
    label: str | None = None,
    unlabelled: Set[str] = frozenset(),
) -> AsyncGenerator[Set[str]]:
    """The keys of ``missing`` whose object is gone, or no longer has the label ``label``, in parts:
    one for a few GETs, so that what is proved is not proved again after a failure.

    ``unlabelled``: keys of objects that may never have had the label, which says nothing of them.
    ``missing``: ``namespace/name``, or the name alone if the kind has no namespaces -> uid. Raises
    ``ApiError`` if a GET is not answered.
    """
    names = list(missing)
    for first in range(0, len(names), AT_ONCE):
        keys = names[first : first + AT_ONCE]
        answers = await asyncio.gather(
            *(
                _is_gone(client, resource, key, missing[key], None if key in unlabelled else label)
                for key in keys
            )
        )
        yield {key for key, is_gone in zip(keys, answers, strict=True) if is_gone}


async def _is_gone(
    client: Client, resource: Resource, key: str, uid: str, label: str | None
) -> bool:
    namespace, _, name = key.rpartition("/")
    try:
        raw = await client.get(resource, namespace, name, metadata_only=True)
    except NotFound as error:
        error.prove()
        return True
    metadata = raw["metadata"]
    selected = label is None or label in metadata.get("labels", {})
    return bool(metadata["uid"] != uid or not selected)
