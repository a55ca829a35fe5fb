"""The two sides that gates look at: what the update has brought, and what it has not touched."""

from __future__ import annotations

from controller.api.gate import Scope
from controller.api.ids import NONE, Ids
from controller.core.model import assigned as asg
from controller.core.rollout.direction import OneWay
from controller.core.verdicts.builtin import Evidence


def updated(way: OneWay, scope: Scope) -> Ids:
    """Updated instances that are Ready; while a group comes up also those that serve already."""
    view = way.case.view
    here = way.done | way.arrived if scope is Scope.CONTINUOUS else way.done
    return here & view.alive & view.ready


def baseline(way: OneWay) -> Ids:
    """Living instances that run what they ran before the update, or are no matter of it, and in
    either case not what it brings."""
    view, to = way.case.view, way.update.status.to
    assert to is not None
    origin = asg.read(way.update.status.from_)
    theirs = way.case.intended - asg.ids_of(origin) - to.instances
    for revision, ids in origin.items():
        theirs |= ids & view.at_revision(revision)
    brought = NONE if way.restart or not to.revision else view.at_revision(to.revision)
    return theirs & view.alive - way.arrived - brought


def evidence(way: OneWay) -> Evidence:
    """How often the instances of either side stumbled; of the updated ones also those that are
    down at the moment, for that is what it is about."""
    view, since = way.case.view, way.update.status.started_at or 0.0
    ours, others = way.arrived & view.alive, baseline(way)
    return Evidence(
        len(ours), view.stumbled(ours, since), len(others), view.stumbled(others, since)
    )
