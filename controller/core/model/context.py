"""What one decision works with: what was observed, the present moment, and facts derived from both.

Derived facts are cached for one decision; nothing is remembered beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass

from controller.api.ids import NONE, Ids
from controller.api.job import Job, JobStatus
from controller.api.pods.pod import slot_of
from controller.api.policy import ResolvedPolicy
from controller.api.update import ACTIVE, BACKWARD, FORWARD, TERMINAL, Update
from controller.core.model import assigned as asg
from controller.core.model.budget import FORGOTTEN
from controller.core.model.observed import Observed
from controller.core.model.plan import Action, Creation
from controller.core.model.variants import Revisions
from controller.core.pods.facts import Slot, View
from controller.lazy import cached_property


@dataclass(frozen=True)
class Context:
    """``now``: epoch seconds. Stored times are whole seconds (``stamp``)."""

    observed: Observed
    now: float

    @property
    def stamp(self) -> float:
        """``now`` as a status stores it: in whole seconds."""
        return float(int(self.now))

    @property
    def job(self) -> Job:
        return self.observed.job

    @property
    def status(self) -> JobStatus:
        return self.observed.job.status

    @property
    def view(self) -> View:
        return self.observed.view

    @cached_property
    def assigned(self) -> dict[str, Ids]:
        """Revision -> ids that should run it, as acknowledged by the API server."""
        return asg.read(self.status.assigned)

    @cached_property
    def intended(self) -> Ids:
        """Ids of instances that should have a pod."""
        return asg.ids_of(self.assigned)

    @cached_property
    def revisions(self) -> Revisions:
        """What the Job's revisions make of its instances, as far as they were read."""
        return Revisions(self.observed)

    @cached_property
    def alive_at(self) -> asg.Assigned:
        """Revision -> ids whose living pod is at it."""
        return {r: ids & self.view.alive for r, ids in self.view.at.items() if r}

    @cached_property
    def mislabelled(self) -> asg.Assigned:
        """Assigned revision -> ids whose pod is alive at another one, at which it would be the
        same: it needs other labels only."""
        return self.revisions.mislabelled(self.alive_at, self.assigned)

    @cached_property
    def lock(self) -> Update | None:
        """The Update that holds the Job's lock; None if there is none or it was not observed."""
        held = self.status.active_update
        update = self.observed.updates.get(held.name) if held else None
        if update is None or held is None or update.status.phase in TERMINAL:
            return None
        return update if update.metadata.uid == held.uid else None

    @cached_property
    def active(self) -> Update | None:
        """The Update that holds the Job's lock, is in an active phase and has a readable status."""
        lock = self.lock
        return lock if lock and lock.status.phase in ACTIVE and not self.status_unreadable else None

    @cached_property
    def status_unreadable(self) -> bool:
        """Whether the status of the Update that holds the Job's lock has no target or policy any
        more (somebody edited it, or a newer version wrote it). Both are stored before the lock."""
        status = self.lock.status if self.lock else None
        return status is not None and (status.to is None or status.policy is None)

    @property
    def policy(self) -> ResolvedPolicy | None:
        """The policy that the active Update stored at admission."""
        return self.active.status.policy if self.active else None

    @cached_property
    def frozen(self) -> Ids:
        """Ids that Updates leave alone now, as acknowledged by the API server."""
        return self.status.frozen

    @cached_property
    def frozen_wanted(self) -> Ids | None:
        """Ids that `spec.frozen` names; None if it is no range string."""
        try:
            return Ids.parse(self.job.spec.frozen) if self.job.spec.frozen else NONE
        except ValueError:
            return None

    @cached_property
    def thawing(self) -> Ids:
        """Frozen ids that `spec.frozen` no longer names. They stay frozen until an Update takes
        them along."""
        wanted = self.frozen_wanted
        return NONE if wanted is None else self.frozen - wanted

    @cached_property
    def available(self) -> Ids:
        """Ids of instances that are good, at any revision."""
        return self.view.good & self.intended

    @cached_property
    def counting(self) -> Ids:
        """Ids of instances that count for `spec.sla`: one of their pods does, and is not being
        evicted."""
        own, twin = self.view, self.view.twin
        return (own.counting - own.evicting | twin.counting - twin.evicting) & self.intended

    @property
    def has_moves(self) -> bool:
        """Whether a Maintenance has marked a pod of the Job, or a move is not over."""
        view = self.view
        return bool(view.marked or view.successor or view.twin.marked or view.twin.successor)

    @cached_property
    def disrupted(self) -> dict[Slot, float]:
        """Slots whose pod was evicted, as a disruption budget still has it, with the moment (epoch
        seconds) until which that counts: so long no pod of the same name is created."""
        found, job = dict[Slot, float](), self.job.metadata.name
        for budget in self.observed.budgets:
            for name, at in budget.disrupted.items() if budget.selects else ():
                if at + FORGOTTEN > self.now and (slot := slot_of(job, name)):
                    found[slot] = at + FORGOTTEN
        return found

    @cached_property
    def at_assigned(self) -> Ids:
        """Ids of instances whose pod is at its assigned revision."""
        bits = 0
        for revision, ids in self.assigned.items():
            bits |= (self.view.at_revision(revision) & ids).bits
        return Ids.of_bits(bits)

    def is_held(self, action: Action) -> bool:
        """Whether the API server refused this action and the action must not be repeated yet.

        Always False for a create: a refused create is stored by instance
        (`Observed.refusals`).
        """
        refused = self.observed.refused_actions
        if not refused or isinstance(action, Creation):
            return False
        found = refused.get(action.key)
        return found is not None and found.refusal.until > self.now

    def is_quiet(self, name: str) -> bool:
        """Whether nothing is reported about the Update of this name ("": the Job) now."""
        return self.observed.quiet_until.get(name, 0.0) > self.now

    @cached_property
    def at_template(self) -> bool:
        """Whether all ids that are not frozen on purpose are assigned the present template's
        revision. For a Job without instances: whether new instances would be."""
        if not self.assigned:
            return self.status.current_revision == self.observed.revision
        left = self.intended - self.assigned.get(self.observed.revision, NONE)
        return left <= self.frozen - self.thawing

    @property
    def is_mixed(self) -> bool:
        """Whether the ids that are not frozen on purpose are assigned more than one revision."""
        frozen = self.frozen - self.thawing
        return sum(bool(ids - frozen) for ids in self.assigned.values()) > 1

    @cached_property
    def count_wanted(self) -> int:
        """How many instances an Update to the present spec would give the Job.

        Not always ``spec.instances``: a rollback overrules that number until it changes
        (contract: ``instancesRefused``).
        """
        status, wanted = self.status, self.job.spec.instances
        if wanted != status.instances_refused or status.instances_in_force is None:
            return wanted
        if self.active is not None and self.backward and self.active.spec.instances is None:
            # The rollback restores the number from before the Update.
            return len(asg.ids_of(asg.read(self.active.status.from_)))
        return status.instances_in_force

    @cached_property
    def every_id(self) -> Ids:
        """All ids that an Update to the present spec would give the Job."""
        return Ids.span(0, self.count_wanted)

    @property
    def new_template(self) -> bool:
        """Whether an ``Automatic`` Job has to try the present template (contract rule 8)."""
        last, token = self.status.last_attempt, self.job.spec.update.retry_token
        if last is None:
            return False
        # Removing the token does not ask for another try.
        return last.revision != self.observed.revision or token not in (None, last.retry_token)

    @property
    def forward(self) -> bool:
        return self.active is not None and self.active.status.phase in FORWARD

    @property
    def backward(self) -> bool:
        return self.active is not None and self.active.status.phase in BACKWARD
