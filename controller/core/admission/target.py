"""The target of an Update, and the reasons why it may not start: each is ``(reason, message)``.

The target of the operator's own Updates is the Job's present template for all instances. An Update
of a person may name a revision, a range or a parent, or be a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from controller.api.claims import is_shared, name_of
from controller.api.ids import NONE, Ids
from controller.api.policy import Replacement
from controller.api.update import Update
from controller.core.model import assigned as asg
from controller.core.model import ordering
from controller.core.model.context import Context
from controller.core.rollout.diff import diff
from controller.core.rollout.frozen import reassigned
from controller.core.status.outcome import when
from controller.core.verdicts import validation
from controller.lazy import cached_property

Refusal = tuple[str, str]


@dataclass(frozen=True)
class UpdateTarget:
    """Revision and instances of an Update. ``revision``: None if each instance keeps its own (a
    restart). ``selected``: the ids of ``spec.instances``; None for all. ``restart``: instances at
    their revision are replaced, too."""

    context: Context
    revision: str | None
    selected: Ids | None = None
    restart: bool = False

    @cached_property
    def desired(self) -> Ids:
        """All ids of the Job after the Update, selected or not."""
        # A restart without a revision ships no pending change, so scaling changes the count.
        if self.revision is None:
            return self.context.intended
        return ordering.ids_of_update(self.context)

    @property
    def instances(self) -> Ids:
        """Selected ids that exist after the Update."""
        return self.desired if self.selected is None else self.desired & self.selected

    @cached_property
    def thawed(self) -> Ids:
        """Ids that are frozen until this Update takes them along."""
        return NONE if self.revision is None else self.context.thawing & self.instances

    @cached_property
    def frozen(self) -> Ids:
        """Selected ids that the Update leaves alone. Those that it creates are not among them, nor
        those that an Update which it supersedes has touched: they go on with the others."""
        context, active = self.context, self.context.active
        frozen = (context.frozen - self.thawed) & self.instances & context.intended
        return frozen - reassigned(context, active) if frozen and active else frozen

    def relabelled(self, assigned: asg.Assigned) -> Ids:
        """Ids that need other labels only."""
        if self.revision is None or self.restart:
            return NONE
        goal = {self.revision: self.instances - self.frozen}
        return asg.ids_of(self.context.revisions.mislabelled(self.within(assigned), goal))

    @property
    def unread(self) -> str | None:
        """A revision that must be read before it is known which pods differ."""
        if self.revision is None:
            return None
        here = self.within(self.context.assigned)
        return self.context.revisions.unread(here, {self.revision: self.instances})

    def within(self, assigned: asg.Assigned) -> asg.Assigned:
        """The part of ``assigned`` that is selected: the ``from`` of the Update."""
        return assigned if self.selected is None else asg.within(assigned, self.selected)

    def covered(self, assigned: asg.Assigned) -> Ids:
        """Ids that the Update touches."""
        if self.revision is None:
            return asg.ids_of(self.within(assigned)) & self.desired - self.frozen
        changes = diff(assigned, self.revision, self.desired, self.selected)
        restarted = changes.unchanged & self.instances if self.restart else NONE
        return (changes.covered | restarted) - self.frozen - self.relabelled(assigned)


def of(context: Context, update: Update) -> UpdateTarget:
    """The target of ``update``. Raises ``ValueError`` for a range that is invalid or empty."""
    spec = update.spec
    selected = None if spec.instances is None else Ids.parse(spec.instances)
    if selected is not None and not selected:
        raise ValueError("the range names no instance; omit spec.instances to update all")
    revision = spec.revision or (None if spec.restart else context.observed.revision)
    return UpdateTarget(context, revision, selected, spec.restart)


def refusals(context: Context, update: Update) -> Iterator[Refusal]:
    """The reasons why a person's Update may not start, the most important first."""
    try:
        target = of(context, update)
    except ValueError as error:
        yield "InvalidInstances", f"spec.instances: {error}"
        return
    held = context.status.active_update
    if held is not None and held.uid != update.metadata.uid:
        yield "UpdateInProgress", f"Update {held.name} is active; wait for its end or abort it"
    if (
        outside := (target.selected or NONE) - target.desired - context.intended
    ) and target.selected is not None:
        count = len(target.desired)
        known = f"instances 0-{count - 1}" if count else "no instances"
        yield "RangeOutsideJob", f"spec.instances names {outside}; the Job has {known}"
    current, parent = context.status.current_revision, update.spec.parent
    if parent is not None and parent != current:
        yield "ParentMismatch", f"spec.parent is {parent}, the Job's currentRevision is {current}"
    if bad_gate := _gates(context, update):
        yield bad_gate
    if words := _not_shared(context, update):
        yield "ClaimsNotShared", words
    revision = target.revision
    if revision is None:
        return
    if revision != context.observed.revision and revision not in context.observed.revisions:
        yield "RevisionNotFound", f"there is no ControllerRevision {revision} of this Job"
    bad = context.revisions.bad(revision)
    if bad is not None and not update.spec.force and revision != current:
        words = f"{revision} failed before{when(bad)} ({bad.reason}); set spec.force to try again"
        yield "KnownBad", words


def has_job_gates(context: Context, update: Update) -> bool:
    """Whether the Update has gates that create a batch/v1 Job from a template."""
    own = update.spec.policy.gates if update.spec.policy else None
    gates = context.job.spec.update.gates if own is None else own
    return any(gate.job is not None for gate in gates)


def _not_shared(context: Context, update: Update) -> str:
    """Why the Update may not surge: two pods of an instance would mount one claim. "" if it may.
    (The API server refuses the same of the Job's own policy.)"""
    policy = update.spec.policy
    if policy is None or policy.replacement is not Replacement.SURGE:
        return ""
    claims = context.job.spec.volume_claim_templates
    if (one := next((name_of(each) for each in claims if not is_shared(each)), None)) is None:
        return ""
    return (
        "spec.policy.replacement: Surge runs two pods of an instance at a time, and "
        f"spec.volumeClaimTemplates[{one}] of the Job is not ReadWriteMany; use Recreate or InPlace"
    )


def _gates(context: Context, update: Update) -> Refusal | None:
    own = update.spec.policy.gates if update.spec.policy else None
    if own is not None:
        return validation.refusal(own, "spec.policy.gates")
    return validation.refusal(context.job.spec.update.gates, "spec.update.gates of the Job")
