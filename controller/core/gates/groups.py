"""The two groups of instances that gates compare: updated instances and the baseline. The group of
an Update that a gate is asked about, in words."""

from __future__ import annotations

from controller.api.gate import Scope
from controller.api.ids import NONE, Ids
from controller.api.progress import GateStatus
from controller.core.model import assigned as asg
from controller.core.rollout.direction import Direction
from controller.core.verdicts.builtin import Evidence


def updated(direction: Direction, scope: Scope) -> Ids:
    """Ids of updated instances that are Ready. For a Continuous gate they include instances of the
    present group that are Ready already."""
    view = direction.context.view
    at_goal = direction.done | direction.arrived if scope is Scope.CONTINUOUS else direction.done
    return at_goal & view.alive & view.ready


def baseline(direction: Direction) -> Ids:
    """Ids of living instances that still run their revision from before the Update, or that the
    Update does not cover; without those that run the Update's target revision."""
    view, to = direction.context.view, direction.update.status.to
    assert to is not None
    origin = asg.read(direction.update.status.from_)
    others = direction.context.intended - asg.ids_of(origin) - to.instances
    for revision, ids in origin.items():
        others |= ids & view.at_revision(revision)
    at_target = NONE if direction.restart or not to.revision else view.at_revision(to.revision)
    return others & view.alive - direction.arrived - at_target


def evidence(direction: Direction) -> Evidence:
    """The interruptions of updated instances and of the baseline since the Update started. Updated
    instances count even if they are not Ready now: that may be the interruption."""
    view, since = direction.context.view, direction.update.status.started_at or 0.0
    updated, others = direction.arrived & view.alive, baseline(direction)
    return Evidence(
        len(updated),
        view.interruptions_of(updated, since),
        len(others),
        view.interruptions_of(others, since),
    )


def failure_of(state: GateStatus, scope: Scope) -> str:
    """Why an Update failed: the gate, when it was asked, and its answer."""
    where = {Scope.BATCH: f" after group {state.group + 1}", Scope.FINAL: " at the end"}
    return f"gate {state.name} failed{where.get(scope, '')}: {state.message}"


def asked_about(state: GateStatus, scope: Scope) -> str:
    """A gate and the group of its last run, as people count: ``error-rate, group 1`` is about group
    0 of the statuses. A Continuous gate is asked about no group."""
    return state.name if scope is Scope.CONTINUOUS else f"{state.name}, group {state.group + 1}"
