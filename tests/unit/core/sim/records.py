"""What may be written into the statuses, and what follows what: nobody may read nonsense there."""

from __future__ import annotations

from itertools import combinations

from controller.api.ids import NONE, Ids
from controller.api.job import Job, JobStatus
from controller.api.policy import Mode
from controller.api.update import (
    ACTIVE,
    BACKWARD,
    TERMINAL,
    Action,
    Phase,
    Update,
    UpdateStatus,
)
from controller.core.model import assigned as asg
from controller.core.model import conditions as cond
from controller.core.model.observed import Observed
from controller.core.model.plan import MakeUpdate, Plan
from controller.core.progress.completion import made_by_us
from controller.core.rollout.phases import legal
from controller.core.status.outcome import NOTHING_LEFT
from tests.unit.core.sim import pauses
from tests.unit.core.sim.cluster import Cluster

#: A pending Update of the operator's own whose template is no longer the Job's.
TOLERATED = {(Phase.PENDING, Phase.SUPERSEDED)}
MOST = 50
LONGEST = 256


class Records:
    """``look`` after each step: whatever a user did meanwhile leaves the statuses alone, but for a
    backup, which brings back other objects (or a status that was never written)."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._job = cluster.job
        self._updates: dict[str, Update] = {}
        #: By uid, also those that are gone.
        self._known: dict[str, Update] = {}

    def begin(self) -> None:
        """Take down what is there before the operator writes."""
        self._job = self.cluster.job
        self._updates = {u.metadata.uid: u for u in self.cluster.updates.values()}
        self._known |= self._updates

    def look(self) -> None:
        """What the step has written."""
        job = self.cluster.job
        assert job.spec is self._job.spec, "the spec is the user's"
        if job.status is not self._job.status:
            self._job_written(self._job, job)
        for update in self.cluster.updates.values():
            old = self._updates.get(update.metadata.uid)
            if old is None:
                assert made_by_us(update, job.metadata.uid), "made by the operator"
                continue
            assert update.spec is old.spec, "the spec is the user's"
            if update.status is not old.status:
                self._update_written(old, update)
        for old in self._updates.values():
            if old.metadata.name not in self.cluster.updates:
                ours = made_by_us(old, job.metadata.uid)
                assert ours, f"{old.metadata.name} was deleted though a person made it"
                assert old.status.phase in TERMINAL, f"{old.metadata.name} was deleted"

    # The Job.

    def _job_written(self, old: Job, new: Job) -> None:
        was, status = old.status, new.status
        disjoint({r.revision: r.instances for r in status.assigned})
        intended = asg.ids_of(asg.read(status.assigned))
        if status.last_attempt is not None:
            assert status.instances_in_force == len(intended)
        sides = {c.type for c in status.conditions if cond.is_true(status.conditions, c.type)}
        assert not {cond.RECONCILING, cond.STALLED} <= sides, f"both of {sides}"
        assert len(status.known_bad) <= 10
        if was.last_attempt is None:
            return
        if status.current_revision != was.current_revision:
            assigned = asg.read(status.assigned)
            there = assigned.get(status.current_revision or "", NONE)
            assert intended - was.frozen <= there, "not completed"
            assert there - was.frozen or not intended, "completed by nobody"
        self._lock(was, status)
        self._ended(was, status)
        if status.last_attempt != was.last_attempt:
            last, before = status.last_attempt, was.last_attempt
            assert last is not None
            if last.revision != before.revision:
                unbegun = any(
                    u.spec.action is not Action.PROCEED and u.status.phase is Phase.PENDING
                    for u in self.cluster.updates.values()
                )
                same = last.update_uid == before.update_uid
                nothing = last.reason == NOTHING_LEFT
                assert unbegun or nothing or not same, "the same attempt, another target"

    def _lock(self, was: JobStatus, now: JobStatus) -> None:
        old, new = was.active_update, now.active_update
        if new is None or new == old:
            return
        update = self.cluster.updates.get(new.name)
        assert update is None or update.metadata.uid == new.uid
        if update is None:
            return  # Deleted in this very moment.
        assert update.status.phase is Phase.PENDING
        to = update.status.to
        assert to is not None
        bad = {b.revision for b in was.known_bad} - {was.current_revision}
        assert to.revision not in bad or update.spec.force, "known bad"
        assert not update.spec.dry_run, "a dry run takes no lock"
        former = self._known.get(old.uid) if old else None
        origin, before = asg.read(update.status.from_), asg.read(was.assigned)
        if former is None:
            reach = update.spec.instances
            within = asg.ids_of(before) if reach is None else Ids.parse(reach)
            assert origin == asg.within(before, within), "from is what was assigned"
        else:
            assert origin == asg.read(former.status.from_), "it takes the old from whole"
        if old and former and former.metadata.uid == old.uid:
            uid = self.cluster.job.metadata.uid
            assert made_by_us(former, uid), "a person's Update is not superseded"
            assert made_by_us(update, uid), "only a new template supersedes"

    # Updates.

    def _update_written(self, old: Update, new: Update) -> None:
        was, status, name = old.status, new.status, new.metadata.name
        if was.phase is not status.phase and (was.phase, status.phase) not in TOLERATED:
            assert legal(was.phase, status.phase), f"{name}: {was.phase} to {status.phase}"
        assert len(status.history) <= MOST
        assert len(status.failures) <= MOST
        words = [e.message for e in status.history] + [f.message for f in status.failures]
        assert max(map(len, words), default=0) <= LONGEST
        added = self._prepended(was, status)
        # Once for each direction it says besides why nothing goes in place.
        added -= sum(e.reason == "NotInPlace" for e in status.history[:added])
        assert (added > 0) == (was.phase is not status.phase), "history tells the phases"
        if status.history:
            assert status.history[0].phase is status.phase
        ended = status.phase in TERMINAL
        assert (status.finished_at is not None) == ended
        assert (status.started_at is not None) or status.phase not in ACTIVE
        _conditions(status)
        _sets(new)
        pauses.judge(old, new, self.cluster.now)

    def _prepended(self, was: UpdateStatus, now: UpdateStatus) -> int:
        """How many entries are new; the others are as they were."""
        for added in (0, 1):
            if (now.history[:added] + was.history)[:MOST] == now.history:
                return added
        raise AssertionError(f"history was {was.history} and is {now.history}")

    def _ended(self, was: JobStatus, now: JobStatus) -> None:
        """The lock was freed: no instance that was there before and is to stay is dropped."""
        old, last = was.active_update, now.last_attempt
        update = self._known.get(old.uid) if old else None
        if update is None or now.active_update is not None or last is None:
            return
        status, outcome = update.status, last.outcome
        if status.to is None or last.update_uid != update.metadata.uid:
            return  # Superseded by one that has nothing to do.
        origin, intended = asg.ids_of(asg.read(status.from_)), asg.ids_of(asg.read(now.assigned))
        scope = origin | status.to.instances
        # Ids that a scale has just given to the Update have never been there.
        kept = origin & status.to.instances & asg.ids_of(asg.read(was.assigned))
        limit = status.policy.max_failed_instances if status.policy else 0
        assert kept <= intended, f"instances {kept - intended} are missing after {outcome}"
        if outcome == Phase.ROLLED_FORWARD:
            assert intended & scope == status.to.instances
            assert len(status.instances.failed) <= limit
        elif outcome == Phase.ROLLED_BACK:
            # What an Update of some instances had created, a scale may want meanwhile.
            scaled = NONE if update.spec.instances is None else scope - origin
            assert intended & scope - scaled == origin
            assert len(status.instances.rollback_failed) <= limit
        wait, since = status.policy and status.policy.watch_after_seconds, status.watching_since
        # Where only labels change there is nothing to watch.
        if outcome == Phase.ROLLED_FORWARD and wait and status.counts.total:
            assert since is not None, "nobody watched"
            assert since + wait <= self.cluster.now, "nobody watched long enough"


SUCCEEDED = (Phase.ROLLED_FORWARD, Phase.PLANNED)
FAILED = (Phase.ROLLED_BACK, Phase.FAILED, Phase.ERROR, Phase.REJECTED)


def disjoint(sets: dict[str, Ids]) -> None:
    """Each id is in at most one."""
    for (one, a), (other, b) in combinations(sets.items(), 2):
        assert not a & b, f"{a & b} in {one} and in {other}"


def _conditions(status: UpdateStatus) -> None:
    """As the contract's table has them."""
    if not status.conditions:
        return
    true = {c.type for c in status.conditions if cond.is_true(status.conditions, c.type)}
    phase, ended = status.phase, status.phase in TERMINAL
    succeeded, failed = phase in SUCCEEDED, phase in FAILED
    wanted = {
        cond.READY: succeeded or phase in (Phase.ABORTED, Phase.SUPERSEDED),
        cond.COMPLETE: ended,
        cond.SUCCEEDED: succeeded,
        cond.FAILED: failed,
        cond.PAUSED: phase in (Phase.ROLL_FORWARD_PAUSED, Phase.ROLL_BACK_PAUSED),
        cond.AWAITING_PULSE: phase
        in (Phase.ROLL_FORWARD_AWAITING_PULSE, Phase.ROLL_BACK_AWAITING_PULSE),
    }
    assert {name: name in true for name in wanted} == wanted, f"{phase}: {true}"
    stuck = cond.STALLED in true and not ended
    assert (cond.RECONCILING in true) == (not ended and not stuck), f"{phase}: {true}"
    assert not ended or (cond.STALLED in true) == failed, f"{phase}: {true}"


def _sets(update: Update) -> None:
    sets, counts = update.status.instances, update.status.counts
    named = {name: getattr(sets, name) for name in type(sets).model_fields}
    disjoint(named)
    if update.status.phase not in BACKWARD and update.status.phase in ACTIVE:
        parts = counts.updated + counts.updating + counts.failed + counts.pending
        assert counts.total == parts, f"{counts}"
        assert counts.updated == len(sets.updated)
        assert counts.failed == len(sets.failed)


def by_itself(seen: Observed, plan: Plan) -> None:
    """The operator makes an Update only for a template (or token) that it has not tried."""
    if not isinstance(plan.write, MakeUpdate):
        return
    last, spec = seen.job.status.last_attempt, seen.job.spec.update
    assert last is not None
    assert spec.mode is Mode.AUTOMATIC
    if ids := plan.write.instances:
        assert ids <= seen.job.status.frozen, "an Update for some that were not frozen"
        return
    again = spec.retry_token not in (None, last.retry_token)
    assert again or seen.revision != last.revision, "no retry by itself"
