"""Which Maintenance a node belongs to.

Several may name one node; one of them holds it, and the others wait. The holder is the one whose
mark or taint the node has, as long as it names the node; otherwise the oldest that names it. A mark
of a Maintenance that is not known is taken back only when a live read says that it is gone: until
then the node is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from controller.api.maintenance import Maintenance, is_name, named_in
from controller.core.maintenance.observed import Node, Observed


@dataclass(frozen=True, slots=True)
class Claims:
    """``named``: Maintenance -> its nodes, in order. ``holders``: node -> the Maintenance that
    holds it. ``left_alone``: node -> the unknown Maintenance whose mark it has. ``ask``: names to
    be read live."""

    order: tuple[Maintenance, ...]
    named: Mapping[str, tuple[str, ...]]
    holders: Mapping[str, Maintenance] = field(default_factory=dict)
    left_alone: Mapping[str, str] = field(default_factory=dict)
    ask: frozenset[str] = frozenset()


def claims(observed: Observed) -> Claims:
    """Who names and who holds each node."""
    order = tuple(
        sorted(
            (m for m in observed.maintenances.values() if not m.metadata.deletion_timestamp),
            key=lambda m: (m.metadata.creation_timestamp or 0.0, m.metadata.name),
        )
    )
    named = {m.metadata.name: _names(m, observed.nodes.values()) for m in order}
    naming = dict[str, list[Maintenance]]()
    for maintenance in order:
        for name in named[maintenance.metadata.name]:
            naming.setdefault(name, []).append(maintenance)
    holders, left_alone, ask = dict[str, Maintenance](), dict[str, str](), set[str]()
    for node in observed.nodes.values():
        candidates = naming.get(node.name, [])
        unknown = tuple(_unknown(observed, node))
        ask.update(name for name in unknown if _is_to_be_asked(observed, name))
        if unknown:
            left_alone[node.name] = unknown[0]
        elif (holder := _holder(observed, node, candidates)) is not None:
            holders[node.name] = holder
    return Claims(order, named, holders, left_alone, frozenset(ask))


def _names(maintenance: Maintenance, nodes: Iterable[Node]) -> tuple[str, ...]:
    spec = maintenance.spec
    if spec.node_selector is None:
        return spec.nodes or ()
    wanted = spec.node_selector.items()
    return tuple(sorted(node.name for node in nodes if wanted <= node.labels.items()))


def _unknown(observed: Observed, node: Node) -> Iterator[str]:
    """The Maintenances that the node's mark and taint name, if nothing proves that they are gone,
    and what they want is not known. Who may write on a node may write any name there: what cannot
    be the name of an object is one that is gone."""
    for name, uid in (named_in(node.mark), (node.taint, "")):
        if not is_name(name):
            continue
        known = observed.maintenances.get(name)
        if known is not None and uid in ("", known.metadata.uid):
            continue
        if name in observed.unreadable:
            if uid in ("", observed.unreadable[name]):
                yield name
        else:
            # One that was not asked about may live.
            living = observed.live.get(name, uid)
            if living is not None and uid in ("", living):
                yield name


def _is_to_be_asked(observed: Observed, name: str) -> bool:
    return name not in observed.live and name not in observed.unreadable


def _holder(observed: Observed, node: Node, candidates: list[Maintenance]) -> Maintenance | None:
    marked = observed.marked_by(node.mark) if node.mark else None
    if marked is not None and marked.spec.drains and marked in candidates:
        return marked
    tainted = observed.maintenances.get(node.taint) if node.taint else None
    if tainted is not None and tainted in candidates:
        return tainted
    return candidates[0] if candidates else None
