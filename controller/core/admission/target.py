"""What an Update aims at, and whether it may: each refusal is ``(reason, message)``.

The operator's own Updates aim at the Job's present template for all instances. Those made by a
person may name a revision, a range, a parent, or ask for a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from controller.api.ids import NONE, Ids
from controller.api.update import Update
from controller.core.model import assigned as asg
from controller.core.model.context import Case
from controller.core.rollout.diff import diff
from controller.core.verdicts import validation

Refusal = tuple[str, str]


@dataclass(frozen=True)
class Aim:
    """``revision`` None: each instance its own (a restart). ``reach``: the ids it is about, None:
    all. ``restart``: also those that are at their revision already."""

    case: Case
    revision: str | None
    reach: Ids | None = None
    restart: bool = False

    @cached_property
    def whole(self) -> Ids:
        """All ids of the Job after such an Update, be they in its reach or not."""
        # A restart of what runs leaves the count to scaling, for it ships nothing that is pending.
        return self.case.intended if self.revision is None else self.case.every_id

    @property
    def instances(self) -> Ids:
        """Ids in its reach that are there afterwards."""
        return self.whole if self.reach is None else self.whole & self.reach

    def within(self, assigned: asg.Assigned) -> asg.Assigned:
        """The part of ``assigned`` in its reach: where each instance comes from."""
        return assigned if self.reach is None else asg.within(assigned, self.reach)

    def covered(self, assigned: asg.Assigned) -> Ids:
        """The ids that it touches."""
        if self.revision is None:
            return asg.ids_of(self.within(assigned)) & self.whole
        found = diff(assigned, self.revision, self.whole, self.reach)
        stay = found.unchanged & self.instances if self.restart else NONE
        return found.covered | stay


def of(case: Case, update: Update) -> Aim:
    """What ``update`` aims at. Raises ``ValueError`` for a range that makes no sense."""
    spec = update.spec
    reach = None if spec.instances is None else Ids.parse(spec.instances)
    if reach is not None and not reach:
        raise ValueError("it names no instance; leave spec.instances out to mean all")
    revision = spec.revision or (None if spec.restart else case.seen.revision)
    return Aim(case, revision, reach, spec.restart)


def refusals(case: Case, update: Update) -> Iterator[Refusal]:
    """Why a person's Update may not start, the weightiest first."""
    try:
        aim = of(case, update)
    except ValueError as error:
        yield "InvalidInstances", f"spec.instances: {error}"
        return
    held = case.status.active_update
    if held is not None and held.uid != update.metadata.uid:
        yield "UpdateInProgress", f"Update {held.name} is active; wait for its end or abort it"
    if (outside := (aim.reach or NONE) - aim.whole - case.intended) and aim.reach is not None:
        count = len(aim.whole)
        known = f"instances 0-{count - 1}" if count else "no instances"
        yield "RangeOutsideJob", f"spec.instances names {outside}; the Job has {known}"
    current, parent = case.status.current_revision, update.spec.parent
    if parent is not None and parent != current:
        yield "ParentMismatch", f"spec.parent is {parent}, the Job's currentRevision {current}"
    if bad_gate := _gates(case, update):
        yield bad_gate
    if aim.revision is None:
        return
    if aim.revision != case.seen.revision and aim.revision not in case.seen.revisions:
        yield "RevisionNotFound", f"there is no ControllerRevision {aim.revision} of this Job"
    bad = next((b for b in case.status.known_bad if b.revision == aim.revision), None)
    if bad is not None and not update.spec.force and aim.revision != current:
        yield (
            "KnownBad",
            f"{aim.revision} failed before ({bad.reason}); set spec.force to try again",
        )


def has_job_gates(case: Case, update: Update) -> bool:
    """Whether the Update is asked through gates that make a Job of a template."""
    own = update.spec.policy.gates if update.spec.policy else None
    gates = case.job.spec.update.gates if own is None else own
    return any(gate.job is not None for gate in gates)


def _gates(case: Case, update: Update) -> Refusal | None:
    own = update.spec.policy.gates if update.spec.policy else None
    if own is not None:
        return validation.refusal(own, "spec.policy.gates")
    return validation.refusal(case.job.spec.update.gates, "spec.update.gates of the Job")
