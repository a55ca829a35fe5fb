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
from controller.core.model.context import Context
from controller.core.rollout.diff import diff
from controller.core.verdicts import validation

Refusal = tuple[str, str]


@dataclass(frozen=True)
class UpdateTarget:
    """``revision`` None: each instance its own (a restart). ``reach``: the ids it is about, None:
    all. ``restart``: also those that are at their revision already."""

    context: Context
    revision: str | None
    selected: Ids | None = None
    restart: bool = False

    @cached_property
    def desired(self) -> Ids:
        """All ids of the Job after such an Update, be they in its reach or not."""
        # A restart of what runs leaves the count to scaling, for it ships nothing that is pending.
        return self.context.intended if self.revision is None else self.context.every_id

    @property
    def instances(self) -> Ids:
        """Ids in its reach that are there afterwards."""
        return self.desired if self.selected is None else self.desired & self.selected

    def within(self, assigned: asg.Assigned) -> asg.Assigned:
        """The part of ``assigned`` in its reach: where each instance comes from."""
        return assigned if self.selected is None else asg.within(assigned, self.selected)

    def covered(self, assigned: asg.Assigned) -> Ids:
        """The ids that it touches."""
        if self.revision is None:
            return asg.ids_of(self.within(assigned)) & self.desired
        found = diff(assigned, self.revision, self.desired, self.selected)
        stay = found.unchanged & self.instances if self.restart else NONE
        return found.covered | stay


def of(context: Context, update: Update) -> UpdateTarget:
    """What ``update`` aims at. Raises ``ValueError`` for a range that makes no sense."""
    spec = update.spec
    selected = None if spec.instances is None else Ids.parse(spec.instances)
    if selected is not None and not selected:
        raise ValueError("it names no instance; leave spec.instances out to mean all")
    revision = spec.revision or (None if spec.restart else context.observed.revision)
    return UpdateTarget(context, revision, selected, spec.restart)


def refusals(context: Context, update: Update) -> Iterator[Refusal]:
    """Why a person's Update may not start, the weightiest first."""
    try:
        aim = of(context, update)
    except ValueError as error:
        yield "InvalidInstances", f"spec.instances: {error}"
        return
    held = context.status.active_update
    if held is not None and held.uid != update.metadata.uid:
        yield "UpdateInProgress", f"Update {held.name} is active; wait for its end or abort it"
    if (
        outside := (aim.selected or NONE) - aim.desired - context.intended
    ) and aim.selected is not None:
        count = len(aim.desired)
        known = f"instances 0-{count - 1}" if count else "no instances"
        yield "RangeOutsideJob", f"spec.instances names {outside}; the Job has {known}"
    current, parent = context.status.current_revision, update.spec.parent
    if parent is not None and parent != current:
        yield "ParentMismatch", f"spec.parent is {parent}, the Job's currentRevision {current}"
    if bad_gate := _gates(context, update):
        yield bad_gate
    if aim.revision is None:
        return
    if aim.revision != context.observed.revision and aim.revision not in context.observed.revisions:
        yield "RevisionNotFound", f"there is no ControllerRevision {aim.revision} of this Job"
    bad = next((b for b in context.status.known_bad if b.revision == aim.revision), None)
    if bad is not None and not update.spec.force and aim.revision != current:
        yield (
            "KnownBad",
            f"{aim.revision} failed before ({bad.reason}); set spec.force to try again",
        )


def has_job_gates(context: Context, update: Update) -> bool:
    """Whether the Update is asked through gates that make a Job of a template."""
    own = update.spec.policy.gates if update.spec.policy else None
    gates = context.job.spec.update.gates if own is None else own
    return any(gate.job is not None for gate in gates)


def _gates(context: Context, update: Update) -> Refusal | None:
    own = update.spec.policy.gates if update.spec.policy else None
    if own is not None:
        return validation.refusal(own, "spec.policy.gates")
    return validation.refusal(context.job.spec.update.gates, "spec.update.gates of the Job")
