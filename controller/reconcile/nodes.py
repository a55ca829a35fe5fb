"""Reads the nodes of pods whose deadline has passed (`core.rollout.lost_nodes`), and how many
domains nodes form (`core.admission.placement`)."""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing
from typing import Any

from controller.api.meta import parse_time
from controller.core.admission.placement import counted
from controller.core.model.observed import Domains, Node
from controller.core.rollout.lost_nodes import ANY
from controller.kube.client import Client
from controller.kube.errors import Forbidden, NotFound
from controller.kube.resources import NODES

#: Number of nodes per page, where all are read.
AT_ONCE = 50
#: Seconds for which a node is remembered.
REMEMBERED = 3600.0


async def read(
    client: Client, known: dict[str, Node], names: tuple[str, ...], now: float
) -> dict[str, Node]:
    """``known`` with the nodes ``names`` as they are now; ``now`` is epoch seconds. Raises
    ``ApiError``."""
    found = await asyncio.gather(*(_read(client, name, known, now) for name in names))
    recent = {name: node for name, node in known.items() if node.read_at + REMEMBERED > now}
    return recent | dict(zip(names, found, strict=True))


async def _read(client: Client, name: str, nodes: dict[str, Node], now: float) -> Node:
    known = nodes.get(name)
    try:
        if name == ANY:
            return await _read_all(client, known, now)
        raw = await client.get(NODES, None, name)
    except NotFound:
        return Node(ready=False, read_at=now)  # Kubernetes deletes the pods of a deleted node.
    except Forbidden:
        # An operator of some namespaces may not read nodes; then only the pods show their state.
        if (known and known.refused) or any(n.read_at == math.inf for n in nodes.values()):
            return Node(read_at=math.inf, refused=True)
        return Node(ready=False, read_at=now, refused=True)
    return node_of(raw, known, now)


async def _read_all(client: Client, known: Node | None, now: float) -> Node:
    """All nodes as one, which is Ready if one of them is. Reads no more than it takes to find one:
    a large cluster has thousands. A cluster without nodes has lost none: it counts as Ready."""
    there = False
    async with aclosing(client.list(NODES, limit=AT_ONCE)) as nodes:
        async for raw in nodes:
            there = True
            if node_of(raw, None, now).ready:
                came_back = known is not None and not known.ready
                since = now if came_back else known.ready_since if known else 0.0
                return Node(ready_since=since, read_at=now)
    return Node(ready=not there, read_at=now)


async def count_domains(client: Client, labels: tuple[str, ...], now: float) -> Domains:
    """How many values each label has over all nodes. Raises ``ApiError``."""
    try:
        nodes = [raw async for raw in client.list(NODES, metadata_only=True)]
    except Forbidden:
        return Domains(dict.fromkeys(labels), now)
    return Domains(counted(nodes, labels), now)


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
