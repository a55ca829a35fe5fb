"""What the status of a Maintenance says: its nodes, their numbers, its phase and conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from controller.api.maintenance import (
    LISTED,
    Maintenance,
    MaintenanceCounts,
    MaintenancePhase,
    MaintenanceStatus,
    NodePhase,
    NodeStatus,
)
from controller.api.meta import Condition
from controller.api.text import shortened
from controller.core.maintenance.claims import Claims
from controller.core.maintenance.observed import Node, Observed, Refused
from controller.core.maintenance.pods import NAMED, Leaving
from controller.core.maintenance.turns import Turns
from controller.core.model.conditions import READY, RECONCILING, STALLED, Wanted, merged

FORBIDDEN: Final = "EvictionForbidden"
REFUSED: Final = "Refused"
BLOCKED: Final = "PodBlocked"
NOT_READY: Final = "NodeNotReady"
NO_NODES: Final = "NoNodes"
DONE: Final = "Done"
WAITING: Final = "WaitingForNode"
DRAINING: Final = "Draining"
NOT_ENABLED: Final = "NotEnabled"
TOO_NEW: Final = "TooNew"

_NOT_ALLOWED: Final = (
    "the operator may not evict pods that belong to no Job: start it with "
    "--maintenance-evict-others (chart value maintenance.evictOthers)"
)
#: Number of characters of what the API server says that a message has.
_LONGEST: Final = 240
_FINISHED: Final = frozenset({NodePhase.DRAINED, NodePhase.DEACTIVATED})
#: The order of the list: what needs a person's eyes first comes first.
_ORDER: Final = (
    NodePhase.DRAINING,
    NodePhase.NOT_FOUND,
    NodePhase.WAITING,
    NodePhase.DRAINED,
    NodePhase.DEACTIVATED,
)


def status(
    observed: Observed, claims: Claims, turns: Turns, maintenance: Maintenance, now: float
) -> MaintenanceStatus:
    """The status that a Maintenance should have now."""
    before = {node.name: node for node in maintenance.status.nodes}
    stalled = dict[str, str]()
    nodes = [
        _since(each, before.get(each.name), now)
        for each in _nodes(observed, claims, turns, maintenance, stalled)
    ]
    by_phase = Counter(node.phase for node in nodes)
    finished = sum(by_phase[phase] for phase in _FINISHED)
    counts = MaintenanceCounts(
        nodes=len(nodes),
        waiting=by_phase[NodePhase.WAITING],
        deactivated=by_phase[NodePhase.DEACTIVATED],
        draining=by_phase[NodePhase.DRAINING],
        drained=by_phase[NodePhase.DRAINED],
        not_found=by_phase[NodePhase.NOT_FOUND],
        finished=finished,
        instances=sum(node.instances for node in nodes),
        pods=sum(node.pods for node in nodes),
    )
    exist = counts.nodes - counts.not_found
    if not exist and _are_gone(observed, maintenance):
        phase = MaintenancePhase.DONE
    elif not exist:
        phase = MaintenancePhase.PENDING
        stalled[NO_NODES] = _no_nodes(maintenance)
    elif finished == exist:
        phase = MaintenancePhase.DONE
    elif finished or counts.draining:
        phase = MaintenancePhase.ACTIVE
    else:
        phase = MaintenancePhase.PENDING
    wanted = _conditions(phase, counts, nodes, stalled)
    nodes.sort(key=lambda node: _ORDER.index(node.phase))
    generation = maintenance.metadata.generation
    if any(node.phase is NodePhase.DRAINED and node.name not in turns.drained for node in nodes):
        # The present spec may want more to leave than the one by which it was drained.
        generation = maintenance.status.observed_generation
    return MaintenanceStatus(
        phase=phase,
        observed_generation=generation,
        counts=counts,
        nodes=tuple(nodes[:LISTED]),
        conditions=merged(maintenance.status.conditions, wanted, generation, now),
    )


def refused(
    old: Sequence[Condition], reason: str, message: str, generation: int, now: float
) -> tuple[Condition, ...]:
    """The conditions of a Maintenance that this operator does not serve."""
    wanted = {
        READY: Wanted(False, reason, message),
        RECONCILING: Wanted(False, reason),
        STALLED: Wanted(True, reason, message),
    }
    return merged(old, wanted, generation, now)


def _conditions(
    phase: MaintenancePhase,
    counts: MaintenanceCounts,
    nodes: Sequence[NodeStatus],
    stalled: Mapping[str, str],
) -> dict[str, Wanted]:
    exist = counts.nodes - counts.not_found
    words = f"{counts.finished} of {exist} nodes are finished" if exist else "no node is left"
    if lost := [node.name for node in nodes if node.phase is NodePhase.NOT_FOUND]:
        words += f"; not found: {_few(lost)}"
    if phase is MaintenancePhase.DONE:
        reason = DONE
    else:
        reason = next(iter(stalled), DRAINING if counts.draining else WAITING)
        words = "; ".join([words, *stalled.values()])
        shown = (NodePhase.DRAINING, NodePhase.WAITING)
        if not stalled:
            said = [f"{n.name}: {n.message}" for n in nodes if n.message and n.phase in shown]
            words = "; ".join([words, *said[:NAMED]])
    is_stalled = bool(stalled) and phase is not MaintenancePhase.DONE
    done = phase is MaintenancePhase.DONE
    return {
        READY: Wanted(done, reason, words),
        RECONCILING: Wanted(not done and not is_stalled, reason),
        STALLED: Wanted(is_stalled, reason, "; ".join(stalled.values()) if is_stalled else ""),
    }


def _are_gone(observed: Observed, maintenance: Maintenance) -> bool:
    """Whether there were nodes that the present spec names, and all of them were deleted. Nodes
    that only lack the labels now are not gone."""
    old = maintenance.status
    there = old.phase is MaintenancePhase.DONE or old.counts.nodes > old.counts.not_found
    there = there and old.observed_generation == maintenance.metadata.generation
    return there and not any(node.name in observed.nodes for node in old.nodes)


def _no_nodes(maintenance: Maintenance) -> str:
    if maintenance.spec.node_selector is None:
        return "none of the nodes that spec.nodes names exists"
    return "no node has the labels of spec.nodeSelector"


def _nodes(
    observed: Observed,
    claims: Claims,
    turns: Turns,
    maintenance: Maintenance,
    stalled: dict[str, str],
) -> Iterator[NodeStatus]:
    for name in claims.named[maintenance.metadata.name]:
        node, holder = observed.nodes.get(name), claims.holders.get(name)
        if node is None:
            yield NodeStatus(name=name, phase=NodePhase.NOT_FOUND)
        elif holder is not maintenance:
            other = claims.left_alone.get(name) or (holder.metadata.name if holder else "")
            words = f"Maintenance {other} holds this node"
            yield NodeStatus(name=name, phase=NodePhase.WAITING, message=words)
        else:
            found = _held(observed, turns, maintenance, node, stalled)
            yield _with_refusal(observed, node, found, stalled)


def _held(
    observed: Observed,
    turns: Turns,
    maintenance: Maintenance,
    node: Node,
    stalled: dict[str, str],
) -> NodeStatus:
    """A node that the Maintenance holds."""
    name = node.name
    if not maintenance.spec.drains:
        there = node.taint == maintenance.metadata.name and not node.mark
        phase = NodePhase.DEACTIVATED if there else NodePhase.WAITING
        return NodeStatus(name=name, phase=phase)
    if name not in turns.current:
        return NodeStatus(name=name, phase=NodePhase.WAITING)
    is_assumed = name not in turns.left and node.unschedulable
    if name in turns.drained or (is_assumed and _was_drained(maintenance.status, name)):
        return NodeStatus(name=name, phase=NodePhase.DRAINED)
    return _draining(observed, node, turns.left.get(name), stalled)


def _was_drained(status: MaintenanceStatus, name: str) -> bool:
    """Whether the node was drained when it was last looked at. That is looked at again now and
    then, and until its pods are known nothing has changed."""
    for node in status.nodes:
        if node.name == name:
            return node.phase is NodePhase.DRAINED
    # A longer list is cut.
    return len(status.nodes) == LISTED and status.phase is MaintenancePhase.DONE


def _with_refusal(
    observed: Observed, node: Node, found: NodeStatus, stalled: dict[str, str]
) -> NodeStatus:
    """With what the API server says against a change of the node itself."""
    refusal = observed.refused.get(node.uid)
    if refusal is None or found.phase in _FINISHED:
        return found
    words = f"the node cannot be changed: {_said(refusal)}"
    if refusal.reason == REFUSED:
        stalled.setdefault(REFUSED, f"{node.name}: {words}")
    said = "; ".join(filter(None, (words, found.message)))
    return found.model_copy(update={"message": said})


def _said(refusal: Refused) -> str:
    return shortened(refusal.message, _LONGEST)


def _draining(
    observed: Observed, node: Node, left: Leaving | None, stalled: dict[str, str]
) -> NodeStatus:
    if left is None:
        return NodeStatus(
            name=node.name, phase=NodePhase.DRAINING, message="its pods are being read"
        )
    said = list[str]()
    if not node.ready:
        said.append("the node is not Ready, so pods leave it only when it answers again")
        stalled.setdefault(NOT_READY, f"{node.name}: {said[0]}")
    for (namespace, job), count in left.jobs:
        waits = observed.waits.get((namespace, job), "")
        said.append(f"{count} of Job {namespace}/{job} to be moved{f' ({waits})' if waits else ''}")
    for pod, why in left.blocked[:NAMED]:
        said.append(f"pod {pod.place} {why}")
    if left.blocked:
        pod, why = left.blocked[0]
        stalled.setdefault(BLOCKED, f"{node.name}: pod {pod.place} {why}")
    refusals = [
        (pod, observed.refused[pod.uid])
        for pod in (*left.instances, *left.evicted)
        if pod.uid in observed.refused
    ]
    if left.evicted and not observed.may_evict:
        said.append(_NOT_ALLOWED)
        stalled.setdefault(FORBIDDEN, f"{node.name}: {_NOT_ALLOWED}")
    said += [f"pod {pod.place}: {_said(refusal)}" for pod, refusal in refusals[:NAMED]]
    for pod, refusal in refusals:
        if refusal.reason in (FORBIDDEN, REFUSED):
            stalled.setdefault(refusal.reason, f"{node.name}: pod {pod.place}: {_said(refusal)}")
    if not said:
        said.append(f"{left.others} other pods are leaving")
    return NodeStatus(
        name=node.name,
        phase=NodePhase.DRAINING,
        instances=len(left.instances),
        pods=left.others,
        message="; ".join(said),
    )


def _since(node: NodeStatus, before: NodeStatus | None, now: float) -> NodeStatus:
    same = before is not None and before.phase is node.phase and before.since is not None
    since = before.since if before and same else float(int(now))
    return node.model_copy(update={"since": since})


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
