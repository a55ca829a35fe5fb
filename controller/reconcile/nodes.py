"""Reads the nodes of pods whose deadline has passed (`core.nodes`)."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from controller.api.meta import parse_time
from controller.core.model.observed import Node
from controller.kube.client import Client
from controller.kube.errors import Forbidden, NotFound
from controller.kube.resources import NODES

#: Seconds for which a node is remembered.
REMEMBERED = 3600.0


async def read(
    client: Client, known: dict[str, Node], names: tuple[str, ...], now: float
) -> dict[str, Node]:
    """``known`` with the nodes ``names`` as they are now; ``now`` is epoch seconds. Raises
    ``ApiError``."""
    found = await asyncio.gather(*(_read(client, name, known.get(name), now) for name in names))
    recent = {name: node for name, node in known.items() if node.read_at + REMEMBERED > now}
    return recent | dict(zip(names, found, strict=True))


async def _read(client: Client, name: str, known: Node | None, now: float) -> Node:
    try:
        raw = await client.get(NODES, None, name)
    except NotFound:
        return Node(ready=False, read_at=now)  # Kubernetes deletes the pods of a deleted node.
    except Forbidden:
        # An operator of some namespaces may not read nodes; then only the pods show their state.
        return Node(read_at=math.inf)
    return node_of(raw, known, now)


def node_of(raw: dict[str, Any], known: Node | None, now: float) -> Node:
    """A node from JSON data.

    The node's own clock stamps when it became Ready. If the operator observed that change, the time
    of the observation counts instead; a stamp later than ``now`` counts as ``now``.
    """
    conditions = (raw.get("status") or {}).get("conditions") or ()
    ready: dict[str, Any] = next((c for c in conditions if c["type"] == "Ready"), {})
    is_ready = ready.get("status") == "True"
    stamp = _time(ready.get("lastTransitionTime"))
    since = min(stamp, now)
    if known is not None and is_ready:
        since = known.ready_since if known.ready and known.stamp == stamp else now
    return Node(is_ready, since, _time(raw["metadata"].get("creationTimestamp")), now, stamp)


def _time(text: str | None) -> float:
    return parse_time(text) if text else 0.0
