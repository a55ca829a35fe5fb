"""Mark, tone and word of a state: a shape, a colour and a word say the same, so that none of them
is needed to tell states apart.

Marks are the symbols of `templates/marks.html`. Tones are the colours of `static/page.css`, from
the palette of Okabe and Ito.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.maintenance import NodePhase
from controller.api.progress import Phase
from controller.core.status.outcome import NO_CHANGE
from controller.view import held, instances
from controller.view.held import Held
from controller.view.instances import Instance, State
from controller.view.jobs import Health
from controller.view.maintenances import Course
from controller.view.runs import RunState
from controller.view.standing import Standing
from controller.view.update_rows import UpdateRow
from controller.view.updates import PHASE_WORDS, Mark


@dataclass(frozen=True, slots=True)
class Badge:
    """How a state looks: ``mark`` and ``tone`` as above; ``word``: what it is called."""

    mark: str
    tone: str
    word: str


#: The word of a state or a mark is its own name, that of a phase is in `view.updates`.
_HEALTH: Final = {
    Health.READY: ("good", "good", "Ready"),
    Health.PENDING: ("pause", "warn", "Update pending"),
    Health.RECONCILING: ("half", "busy", "Reconciling"),
    Health.STALLED: ("alert", "bad", "Stalled"),
    Health.UNSEEN: ("hollow", "wait", "Not observed"),
    Health.DELETING: ("bar", "wait", "Deleting"),
}
_HELD: Final = {
    Held.PAUSED: ("pause", "warn"),
    Held.BLOCKED: ("stop", "warn"),
}
_STATE: Final = {
    State.GOOD: ("good", "good"),
    State.READY: ("ring", "good"),
    State.STARTING: ("half", "busy"),
    State.PENDING: ("dot", "wait"),
    State.STOPPING: ("bar", "wait"),
    State.ENDED: ("cross", "bad"),
    State.MISSING: ("hollow", "warn"),
}
_COURSE: Final = {
    Course.STALLED: ("alert", "bad", "Stalled"),
    Course.ACTIVE: ("half", "busy", "Active"),
    Course.PENDING: ("dot", "wait", "Pending"),
    Course.UNSEEN: ("hollow", "wait", "Not observed"),
    Course.DONE: ("good", "good", "Done"),
    Course.ENDING: ("left", "wait", "Giving back"),
}
_NODE: Final = {
    NodePhase.WAITING: ("dot", "wait", "Waiting"),
    NodePhase.DEACTIVATED: ("pause", "good", "Deactivated"),
    NodePhase.DRAINING: ("half", "busy", "Draining"),
    NodePhase.DRAINED: ("good", "good", "Drained"),
    NodePhase.NOT_FOUND: ("hollow", "warn", "Not found"),
}
_RUN: Final = {
    RunState.STARTING: ("dot", "wait"),
    RunState.ACTIVE: ("half", "busy"),
    RunState.ENDING: ("left", "warn"),
    RunState.SUCCEEDED: ("good", "good"),
    RunState.FAILED: ("cross", "bad"),
    RunState.KILLED: ("bar", "wait"),
    RunState.DELETED: ("alert", "bad"),
}
_MARK: Final = {
    Mark.PENDING: ("dot", "wait"),
    Mark.UPDATING: ("half", "busy"),
    Mark.UPDATED: ("good", "good"),
    Mark.FAILED: ("cross", "bad"),
    Mark.ROLLING_BACK: ("left", "warn"),
    Mark.ROLLED_BACK: ("diamond", "back"),
    Mark.ROLLBACK_FAILED: ("alert", "bad"),
}
_PHASE: Final = {
    Phase.PENDING: ("dot", "wait"),
    Phase.ROLLING_FORWARD: ("half", "busy"),
    Phase.ROLL_FORWARD_PAUSED: ("pause", "warn"),
    Phase.ROLL_FORWARD_AWAITING_PULSE: ("pause", "warn"),
    Phase.ROLLING_BACK: ("left", "warn"),
    Phase.ROLL_BACK_PAUSED: ("pause", "warn"),
    Phase.ROLL_BACK_AWAITING_PULSE: ("pause", "warn"),
    Phase.ROLLED_FORWARD: ("good", "good"),
    Phase.ROLLED_BACK: ("diamond", "back"),
    Phase.ABORTED: ("bar", "wait"),
    Phase.FAILED: ("cross", "bad"),
    Phase.ERROR: ("alert", "bad"),
    Phase.SUPERSEDED: ("bar", "wait"),
    Phase.REJECTED: ("cross", "bad"),
    Phase.PLANNED: ("hollow", "good"),
}
_RESULT: Final = {
    "Passed": ("good", "good", "Passed"),
    "Failed": ("cross", "bad", "Failed"),
    "Inconclusive": ("alert", "warn", "Inconclusive"),
    "Waiting": ("half", "busy", "Waiting"),
    "NotAsked": ("dot", "wait", "Not asked yet"),
}


#: How an instance looks that does not come up.
FAILING: Final = Badge("alert", "bad", instances.FAILING)
#: Phases in which an Update changes instances.
MOVING: Final = frozenset({Phase.ROLLING_FORWARD, Phase.ROLLING_BACK})
#: How an Update looks that ended without a change.
UNCHANGED: Final = Badge("bar", "wait", "No change")


def of_health(health: Health) -> Badge:
    return Badge(*_HEALTH[health])


def of_standing(state: Standing) -> Badge:
    """What a person wants to know of a Job first."""
    return of_held(state) if isinstance(state, Held) else of_health(state)


def of_state(state: State) -> Badge:
    return Badge(*_STATE[state], str(state))


def of_instance(row: Instance) -> Badge:
    """The state of an instance; one that does not come up for a reason that its pod tells looks as
    if it failed."""
    if row.is_failing:
        return FAILING
    return of_state(row.state)


def of_run(state: RunState) -> Badge:
    """How a run of a Cron or Adhoc Job is."""
    return Badge(*_RUN[state], str(state))


def of_mark(mark: Mark) -> Badge:
    return Badge(*_MARK[mark], str(mark))


def of_held(by: Held) -> Badge:
    return Badge(*_HELD[by], str(by))


def of_phase(phase: Phase, *, stalled: bool = False) -> Badge:
    """``stalled``: an active Update that needs a person."""
    (mark, tone), word = _PHASE[phase], PHASE_WORDS[phase]
    if stalled and tone in ("busy", "warn", "wait"):
        return Badge("alert", "bad", f"{word}, stalled")
    return Badge(mark, tone, word)


def of_row(row: UpdateRow) -> Badge:
    """The state of the Update of a row: with what holds it, and whether it changed anything."""
    if is_unchanged(row.phase, row.reason):
        return UNCHANGED
    badge = of_phase(row.phase, stalled=row.stalled)
    if not row.stalled and row.phase in MOVING and held.of_row(row) is Held.BLOCKED:
        look = of_held(Held.BLOCKED)
        return Badge(look.mark, look.tone, f"{badge.word}, {look.word.lower()}")
    return badge


def of_entry(phase: Phase, reason: str) -> Badge:
    """A phase in the history of an Update."""
    return UNCHANGED if is_unchanged(phase, reason) else of_phase(phase)


def is_unchanged(phase: Phase, reason: str) -> bool:
    """Whether an Update has ended because there was nothing to change."""
    return phase is Phase.ROLLED_FORWARD and reason == NO_CHANGE


def of_result(result: str) -> Badge:
    """The result of a gate; an unknown one by its own name."""
    return Badge(*_RESULT.get(result, ("dot", "wait", result or "Waiting")))


def of_outcome(outcome: str) -> Badge | None:
    """How the last Update of a Job ended; None if there was none."""
    if outcome == NO_CHANGE:
        return UNCHANGED
    try:
        return of_phase(Phase(outcome))
    except ValueError:
        return Badge("dot", "wait", outcome) if outcome else None


def of_course(course: Course) -> Badge:
    """How a Maintenance goes."""
    return Badge(*_COURSE[course])


def of_node(phase: NodePhase) -> Badge:
    """How far a node of a Maintenance is."""
    return Badge(*_NODE[phase])
