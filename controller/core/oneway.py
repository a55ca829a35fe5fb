"""One direction of an Update: where each instance should go, and how far each has come.

Forward, instances go to the target; backward, each to its own ``from``. The two differ in their
goal, their order and where their results are kept, and in nothing else (Aurora: OneWayJobUpdater).

Everything is a set, derived from what is stored (``assigned``, ``batch``, the latched results) and
from what the pods show::

    work     = pending + batch + done + failed        (what this direction is about)
    pending  = not yet asked for
    flight   = batch - done - failed                  (asked for, no result yet)
    idle     = the part of flight whose old pod was not touched yet (a Queue's horizon)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from controller.api.ids import NONE, Ids
from controller.api.policy import ResolvedPolicy
from controller.api.update import BACKWARD, Update
from controller.core import assigned as asg
from controller.core import order, strategy
from controller.core.case import Case


@dataclass(frozen=True)
class OneWay:
    """The active direction of ``update``; sets are of instance ids."""

    case: Case
    update: Update
    goal: asg.Assigned
    kill: Ids
    fresh: Ids
    backward: bool

    @property
    def policy(self) -> ResolvedPolicy:
        policy = self.update.status.policy
        assert policy is not None, "an active Update carries its policy"
        return policy

    # What is stored.

    @cached_property
    def batch(self) -> Ids:
        batch = self.update.status.batch
        return batch.instances & self.scope if batch else NONE

    @cached_property
    def failed(self) -> Ids:
        sets = self.update.status.instances
        return (sets.rollback_failed if self.backward else sets.failed) & self.scope

    @cached_property
    def scope(self) -> Ids:
        """All ids with a goal, to be or not to be."""
        return asg.ids_of(self.goal) | self.kill

    @cached_property
    def asked(self) -> Ids:
        """Ids whose intent already is the goal."""
        bits = 0
        for revision, ids in self.goal.items():
            bits |= (self.case.assigned.get(revision, NONE) & ids).bits
        return Ids.of_bits(bits) | self.kill - self.case.intended

    # What the pods show.

    @cached_property
    def arrived(self) -> Ids:
        """Ids whose pod, in whatever state, was made at the goal."""
        bits = 0
        for revision, ids in self.goal.items():
            bits |= (self.case.view.at_revision(revision) & ids).bits
        return Ids.of_bits(bits)

    @cached_property
    def done(self) -> Ids:
        """Latched results and what is good now (contract rule 5: good is latched for counting)."""
        sets = self.update.status.instances
        stored = sets.rolled_back if self.backward else sets.updated
        good = self.batch & self.asked & self.arrived & self.case.view.good
        gone = self.batch & self.kill & self.asked - self.case.view.present
        return (stored & self.scope | good | gone) - self.failed

    @cached_property
    def pending(self) -> Ids:
        return self.scope - self.asked - self.batch - self.done - self.failed

    @cached_property
    def flight(self) -> Ids:
        return self.batch - self.done - self.failed

    @cached_property
    def idle(self) -> Ids:
        view, seen = self.case.view, self.case.seen
        tried = Ids(seen.refusals) | Ids(seen.contested) | view.foreign
        untried = self.fresh - view.present - tried
        return self.flight & ((view.alive - self.arrived) | untried)

    @cached_property
    def work(self) -> Ids:
        return self.pending | self.batch | self.done | self.failed

    @cached_property
    def shaky(self) -> Ids:
        """Done instances that are not Ready: they hold the next group and the end (rule 5)."""
        return self.done - self.kill - self.case.view.ready

    @cached_property
    def lost(self) -> bool:
        """Whether a ControllerRevision that is still needed is gone."""
        todo = self.pending | self.flight
        kept = self.case.seen.revisions
        return any(ids & todo and name not in kept for name, ids in self.goal.items())

    # What may start.

    def ordered(self, ids: Ids) -> Iterator[int]:
        """``ids`` in the order of contract rule 4."""
        # One that a superseded Update has made already is changed: to replace it takes it away.
        created = ids & self.fresh - self.case.view.present
        removed = ids & self.kill
        changed = ids - created - removed
        # A pod that lost its owner is as good as it was once it is adopted.
        unavailable = self.case.intended - self.case.available - self.case.view.orphan
        if self.backward:
            # What the update removed comes first, what it created goes last.
            return order.backward(removed, changed, created, unavailable)
        return order.forward(created, changed, removed, unavailable)

    def group_size(self) -> int:
        """How many pending ids the strategy lets start now."""
        kind = self.policy.strategy.type
        return strategy.next_group(
            kind,
            self.policy.strategy.groups,
            idle=len(self.pending),
            active=len(self.flight),
            taken=len(self.work - self.pending),
            backward=self.backward,
        )


def forward(case: Case, update: Update) -> OneWay:
    """The way to the target."""
    target, origin = update.status.to, asg.ids_of(asg.read(update.status.from_))
    assert target is not None, "an admitted Update carries its target"
    goal = {target.revision: target.instances} if target.revision and target.instances else {}
    return OneWay(
        case,
        update,
        goal=goal,
        kill=origin - target.instances,
        fresh=target.instances - origin,
        backward=False,
    )


def back(case: Case, update: Update) -> OneWay:
    """The way back to each instance's own ``from``."""
    target, origin = update.status.to, asg.read(update.status.from_)
    assert target is not None, "an admitted Update carries its target"
    ids = asg.ids_of(origin)
    return OneWay(
        case,
        update,
        goal=origin,
        kill=target.instances - ids,
        fresh=ids - target.instances,
        backward=True,
    )


def of(case: Case, update: Update) -> OneWay:
    """The direction the Update's phase says."""
    return back(case, update) if update.status.phase in BACKWARD else forward(case, update)
