"""Cluster, kubelet, operator and observer together, and the clock that drives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controller.api.ids import Ids
from controller.api.job import Job, JobStatus
from controller.api.pods.pod import Pod
from controller.api.update import TERMINAL, Phase, Update
from controller.core.decide import decide
from controller.core.model import assigned as asg
from controller.core.model.conditions import is_true
from controller.core.model.observed import Observed
from controller.core.model.plan import Event, Plan, WriteJob, WriteUpdate
from tests.unit.core.sim.cluster import Cluster, CrashError
from tests.unit.core.sim.given import job as job
from tests.unit.core.sim.given import template as template
from tests.unit.core.sim.kubelet import Behaviour, Kubelet
from tests.unit.core.sim.observer import Observer
from tests.unit.core.sim.operator import Operator

#: More decisions in one moment than any way through the state machine needs, even if the operator
#: dies after each of its writes.
LIVELOCK = 150


class World:
    """One Job and everything around it. The watch is prompt unless a test makes it late."""

    def __init__(self, given: Job | None = None, **kwargs: Any) -> None:
        self.cluster = Cluster(given or job(**kwargs))
        self.kubelet = Kubelet(self.cluster)
        self.operator = Operator(self.cluster)
        self.observer = Observer(self.cluster)
        self.events: list[Event] = []
        #: What was decided last.
        self.plan = Plan()
        #: Kinds whose watch says nothing for now.
        self.late: set[str] = set()
        #: Makes the decisions of the steps.
        self.decide: Callable[[Observed, float], Plan] = decide
        #: Whether each decision is made twice, and once more just before the next moment.
        self.careful = True
        #: Called after each step, for tests that must not miss one.
        self.after_step: Callable[[], object] = lambda: None
        #: Called whenever nothing is left to do at a moment, before time goes on.
        self.at_rest: Callable[[], object] = lambda: None
        self.runs = 0

    # What is there.

    @property
    def now(self) -> float:
        return self.cluster.now

    @property
    def status(self) -> JobStatus:
        return self.cluster.job.status

    @property
    def update(self) -> Update:
        """The newest Update."""
        return list(self.cluster.updates.values())[-1]

    def named(self, name: str) -> Update:
        return self.cluster.updates[name]

    @property
    def phase(self) -> Phase:
        return self.update.status.phase

    def pod(self, instance: int) -> Pod:
        return self.cluster.pods[f"web-{instance}"]

    def uids(self) -> dict[int, str]:
        return {p.instance: p.uid for p in self.cluster.pods.values()}

    def images(self) -> dict[int, str]:
        """What each instance runs."""
        pods = sorted(self.cluster.pods.values(), key=lambda p: p.instance)
        return {p.instance: self.cluster.image(p.revision) for p in pods}

    def images_of(self, image: str) -> Ids:
        """The ids that run an image."""
        return Ids(i for i, found in self.images().items() if found == image)

    def assigned(self) -> dict[str, str]:
        """Image -> ids, as the status says."""
        ranges = asg.read(self.status.assigned).items()
        return {self.cluster.image(r): str(ids) for r, ids in ranges}

    def conditions(self, name: str | None = None) -> set[str]:
        """The conditions that are True, of the Job or of an Update."""
        of = self.named(name).status.conditions if name else self.status.conditions
        return {c.type for c in of if is_true(of, c.type)}

    def message(self, condition: str) -> str:
        """What a condition of the Job says."""
        return next(c.message for c in self.status.conditions if c.type == condition)

    def told(self, reason: str) -> list[str]:
        """The notes of the Events with a reason."""
        return [e.note for e in self.events if e.reason == reason]

    # What happens.

    def edit(
        self,
        image: str | None = None,
        instances: int | None = None,
        cpu: str | None = None,
        note: str | None = None,
        **update: Any,
    ) -> None:
        """A user applies; ``update`` in wire names."""

        def change(job: Job) -> Job:
            spec = job.spec
            fields: dict[str, Any] = {}
            if image is not None:
                fields["template"] = template(image, cpu, note)
            if instances is not None:
                fields["instances"] = instances
            if update:
                wire = spec.update.model_dump(by_alias=True, exclude_none=True, mode="json")
                fields["update"] = type(spec.update).model_validate({**wire, **update})
            return job.model_copy(update={"spec": spec.model_copy(update=fields)})

        self.cluster.user_edit(change)

    def behave(
        self, image: str | None = None, instance: int | None = None, **behaviour: Any
    ) -> None:
        self.kubelet.steering[(image, instance)] = Behaviour(**behaviour)

    def kill(self, instance: int) -> None:
        """Somebody deletes a pod."""
        self.cluster.let_go(self.pod(instance))

    def restart(self, quiet_until: dict[str, float] | None = None) -> None:
        """The operator is killed and comes back; ``quiet_until``: when it reports again."""
        self.operator = Operator(self.cluster)
        self.operator.quiet_until |= quiet_until or {}

    def wipe_status(self) -> None:
        """The Job comes back from a backup, which carries no status."""
        self.cluster.restore_job()
        self.restart()

    def orphan(self, image: str | None = None) -> None:
        """The Job is deleted with `--cascade=orphan` and made again, with another image."""
        fields = {} if image is None else {"template": template(image)}

        def change(job: Job) -> Job:
            return job.model_copy(update={"spec": job.spec.model_copy(update=fields)})

        self.cluster.orphan_job(change)
        self.restart()

    def soothe(self) -> None:
        """What goes between operator and API server goes well from now on."""
        self.cluster.fates.clear()
        self.late.clear()

    # How time goes by.

    def step(self) -> bool:
        """One decision and what follows from it; False when nothing did."""
        operator = self.operator
        seen, now = operator.observe(), self.now
        self.plan = plan = self.decide(seen, now)
        if self.careful:
            assert plan == decide(seen, now), "the same input, another plan"
        self.observer.judge(seen, plan)
        self.observer.before()
        try:
            done = operator.execute(plan)
        except CrashError:
            # To come up takes it a while: what it reports is not reported anew in this moment.
            self.restart(operator.quiet_until)
            done = True
        self._record(plan)
        self.observer.after()
        self.kubelet.look()
        self.after_step()
        return done

    def settle(self) -> Plan:
        """Decide until nothing is left to do at this moment."""
        for _ in range(LIVELOCK):
            self.deliver()
            if not self.step():
                return self.plan
        plan = self.operator.decide()
        raise AssertionError(f"no end of writes: {plan.write or plan.actions or plan.reports}")

    def deliver(self) -> None:
        for kind in self.cluster.inbox:
            if kind not in self.late:
                self.operator.deliver(kind)

    def see(self, *kinds: str, count: int | None = None) -> None:
        """The operator hears ``count`` events (None: all) of each kind, however late they are."""
        for kind in kinds:
            self.operator.deliver(kind, count)

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Let time pass; whether ``until`` came true before it was over."""
        end = self.now + seconds
        self.runs += 1
        while True:
            self.kubelet.work()
            plan = self.settle()
            self.at_rest()
            if until is not None and until():
                return True
            assert plan.wake_at is None or plan.wake_at > self.now, f"woken for nothing: {plan}"
            moment = self._next(plan)
            self._nothing_before(plan, end if moment is None else min(moment, end))
            if moment is None or moment > end:
                self.cluster.now = max(self.now, end)
                return False
            self.cluster.now = max(self.now, moment)

    def until(self, reached: Callable[[], bool], within: float = 3600) -> None:
        assert self.run(within, reached), self.story()

    def until_phase(self, *phases: Phase, within: float = 3600) -> None:
        self.until(lambda: bool(self.cluster.updates) and self.phase in phases, within)

    def until_ended(self, within: float = 3600) -> None:
        self.until_phase(*TERMINAL, within=within)

    def ready(self) -> World:
        """First creation, to its end."""
        self.until(lambda: "Ready" in self.conditions())
        return self

    def roll(self, image: str, **edit: Any) -> None:
        """A new image, to the end of its Update."""
        before = len(self.cluster.updates)
        self.edit(image=image, **edit)
        self.until(lambda: len(self.cluster.updates) > before)
        self.until_ended()

    def _next(self, plan: Plan) -> float | None:
        """The next moment at which anything can happen."""
        moments = [self.kubelet.next_due(), plan.wake_at]
        moments += [self.operator.report_due(r) for r in plan.reports]
        moments += [until for _, until in self.operator.conflicts.values()]
        later = [m for m in moments if m is not None]
        return min(later, default=None)

    def _nothing_before(self, plan: Plan, moment: float) -> None:
        """Time alone changes no answer before the moment at which the plan wants to be woken."""
        just_before = moment - 0.001
        if just_before > self.now and self.careful:
            later = decide(self.operator.observe(just_before), just_before)
            assert later.write is None, f"{later.write} without a wake, {self.story()}"
            assert not later.actions, f"{later.actions} without a wake, {self.story()}"
            assert plan.reports or not later.reports, f"{later.reports} without a wake"

    def _record(self, plan: Plan) -> None:
        for write in (plan.write, *plan.reports):
            if isinstance(write, WriteJob | WriteUpdate):
                self.events += write.events

    def story(self) -> str:
        """What a person would want to see of it all."""
        lines = [f"now {self.now}, job {self.status}"]
        lines += [f"{u.metadata.name}: {u.status}" for u in self.cluster.updates.values()]
        lines += [str(p) for p in self.cluster.pods.values()]
        lines.append(f"plan {self.operator.decide()}")
        return "\n".join(lines)

    def quiet(self, seconds: float = 3600) -> None:
        """Nothing is written however much time goes by."""
        self.run(5)
        before = len(self.cluster.writes)
        self.run(seconds)
        assert self.cluster.writes[before:] == []
