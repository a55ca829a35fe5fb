"""The two sides that gates look at: what the update has brought, and what it has not touched."""

from __future__ import annotations

from controller.api.gate import Scope
from controller.api.ids import NONE, Ids
from controller.core.model import assigned as asg
from controller.core.rollout.direction import Direction
from controller.core.verdicts.builtin import Evidence


def updated(direction: Direction, scope: Scope) -> Ids:
    """Updated instances that are Ready; while a group comes up also those that serve already."""
    view = direction.context.view
    here = direction.done | direction.arrived if scope is Scope.CONTINUOUS else direction.done
    return here & view.alive & view.ready


def baseline(direction: Direction) -> Ids:
    """Living instances that run what they ran before the update, or are no matter of it, and in
    either case not what it brings."""
    view, to = direction.context.view, direction.update.status.to
    assert to is not None
    origin = asg.read(direction.update.status.from_)
    theirs = direction.context.intended - asg.ids_of(origin) - to.instances
    for revision, ids in origin.items():
        theirs |= ids & view.at_revision(revision)
    brought = NONE if direction.restart or not to.revision else view.at_revision(to.revision)
    return theirs & view.alive - direction.arrived - brought


def evidence(direction: Direction) -> Evidence:
    """How often the instances of either side stumbled; of the updated ones also those that are
    down at the moment, for that is what it is about."""
    view, since = direction.context.view, direction.update.status.started_at or 0.0
    ours, others = direction.arrived & view.alive, baseline(direction)
    return Evidence(
        len(ours),
        view.interruptions_of(ours, since),
        len(others),
        view.interruptions_of(others, since),
    )
