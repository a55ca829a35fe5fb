"""One decision's working paper: what was observed, the moment, and what follows from both at once.

Everything here is derived and cached for the length of one decision; nothing is remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from controller.api.ids import Ids
from controller.api.job import Job, JobStatus
from controller.api.policy import ResolvedPolicy
from controller.api.update import ACTIVE, BACKWARD, FORWARD, TERMINAL, Update
from controller.core.model import assigned as asg
from controller.core.model.observed import Observed
from controller.core.model.plan import Action, CreatePod
from controller.core.pods.facts import View


@dataclass(frozen=True)
class Context:
    """``now`` is epoch seconds; what is stored of it is cut to whole ones (``stamp``)."""

    observed: Observed
    now: float

    @property
    def stamp(self) -> float:
        """``now`` as a status can carry it."""
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
        """Revision -> ids, as acknowledged by the API server."""
        return asg.read(self.status.assigned)

    @cached_property
    def intended(self) -> Ids:
        """All ids that are meant to have a pod."""
        return asg.ids_of(self.assigned)

    @cached_property
    def lock(self) -> Update | None:
        """The Update that holds the Job, when it is known here."""
        held = self.status.active_update
        update = self.observed.updates.get(held.name) if held else None
        if update is None or held is None or update.status.phase in TERMINAL:
            return None
        return update if update.metadata.uid == held.uid else None

    @cached_property
    def active(self) -> Update | None:
        """The Update that holds the Job, is in an active phase and can be followed."""
        lock = self.lock
        return lock if lock and lock.status.phase in ACTIVE and not self.status_unreadable else None

    @cached_property
    def status_unreadable(self) -> bool:
        """Whether the Update that holds the Job is active but no longer says where it goes (its
        status was edited by hand, or is of a newer version)."""
        status = self.lock.status if self.lock else None
        active = status is not None and status.phase in ACTIVE
        return active and status is not None and (status.to is None or status.policy is None)

    @property
    def policy(self) -> ResolvedPolicy | None:
        """The active Update's snapshot."""
        return self.active.status.policy if self.active else None

    @cached_property
    def available(self) -> Ids:
        """Ids that are good at whatever revision."""
        return self.view.good & self.intended

    @cached_property
    def at_assigned(self) -> Ids:
        """Ids whose pod is at the revision they are meant to run."""
        bits = 0
        for revision, ids in self.assigned.items():
            bits |= (self.view.at_revision(revision) & ids).bits
        return Ids.of_bits(bits)

    def is_held(self, action: Action) -> bool:
        """Whether the API server has just refused this very action on an object. (A create that
        was refused is held by its instance.)"""
        refused = self.observed.refused_actions
        if not refused or isinstance(action, CreatePod):
            return False
        found = refused.get(action.key)
        return found is not None and found.refusal.until > self.now

    @cached_property
    def at_template(self) -> bool:
        """Whether all ids are assigned the present template's revision (of a Job without instances:
        whether new ones would be)."""
        if not self.assigned:
            return self.status.current_revision == self.observed.revision
        return set(self.assigned) == {self.observed.revision}

    @cached_property
    def count_wanted(self) -> int:
        """How many instances an Update of the present spec aims at (contract: instancesRefused)."""
        status, wanted = self.status, self.job.spec.instances
        if wanted != status.instances_refused or status.instances_in_force is None:
            return wanted
        if self.active is not None and self.backward and self.active.spec.instances is None:
            return len(asg.ids_of(asg.read(self.active.status.from_)))  # What it restores.
        return status.instances_in_force

    @cached_property
    def every_id(self) -> Ids:
        """All ids of the Job as its spec has it."""
        return Ids.span(0, self.count_wanted)

    @property
    def new_template(self) -> bool:
        """Whether the present spec is to be tried by an Automatic Job (contract rule 8)."""
        last, token = self.status.last_attempt, self.job.spec.update.retry_token
        if last is None:
            return False
        # A token taken away is no wish to try again.
        return last.revision != self.observed.revision or token not in (None, last.retry_token)

    @property
    def forward(self) -> bool:
        return self.active is not None and self.active.status.phase in FORWARD

    @property
    def backward(self) -> bool:
        return self.active is not None and self.active.status.phase in BACKWARD
