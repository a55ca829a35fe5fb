"""Whatever happens, and whenever the operator dies: the invariants of the design hold.

Hypothesis plays user, node, watch and fate against the simulated world. The observer looks at every
step; in the end all disturbances stop, and every Update has to end and the Job to become quiet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from controller.api.pod import Pod, Trouble
from controller.api.update import TERMINAL
from tests.unit.core.sim import Behaviour, World

IDS = st.integers(0, 6)
IMAGES = st.sampled_from(["app:1", "app:2", "app:3", "app:4"])
SIZES = st.sampled_from([1, 2, 3, "30%", "100%"])
STRATEGIES = st.one_of(
    st.builds(lambda n: {"type": "Queue", "size": n}, SIZES),
    st.builds(lambda n: {"type": "Batch", "size": n}, SIZES),
    st.builds(
        lambda n: {"type": "VariableBatch", "sizes": n}, st.lists(SIZES, min_size=1, max_size=3)
    ),
)
POLICIES = st.fixed_dictionaries(
    {
        "strategy": STRATEGIES,
        "maxFailuresPerInstance": st.integers(0, 2),
        "maxFailedInstances": st.sampled_from([0, 0, 1, "50%"]),
        "rollbackOnFailure": st.sampled_from([True, True, True, False]),
        "maxUnavailable": st.sampled_from([None, None, 1, 2, "50%"]),
    }
)
BEHAVIOURS = st.sampled_from(
    [
        Behaviour(),
        Behaviour(ready=0.0, stop=0.0),
        Behaviour(ready=None),
        Behaviour(crash=1.0),
        Behaviour(crash=2.0, crashes=99),
        Behaviour(ready=None, end=1.0),
        Behaviour(end=6.0),
        Behaviour(ready=None, end=0.5, ran=False),
        Behaviour(stop=90.0),
        Behaviour(ready=25.0),
    ]
)
KINDS = st.sampled_from(["job", "update", "revision", "pod"])


class AnythingGoes(RuleBasedStateMachine):
    @initialize(instances=st.integers(0, 6), policy=POLICIES, window=st.sampled_from([0, 3]))
    def begin(self, instances: int, policy: dict[str, Any], window: int) -> None:
        self.world = World(instances=instances, minReadySeconds=window, update=policy)
        self.world.run(10)

    # Users.

    @rule(image=IMAGES)
    def edit(self, image: str) -> None:
        self.world.edit(image=image)

    @rule(image=IMAGES, instances=IDS)
    def edit_both(self, image: str, instances: int) -> None:
        self.world.edit(image=image, instances=instances)

    @rule(instances=IDS)
    def scale(self, instances: int) -> None:
        self.world.edit(instances=instances)

    @rule(policy=POLICIES)
    def edit_policy(self, policy: dict[str, Any]) -> None:
        self.world.edit(**policy)

    @rule(token=st.sampled_from(["a", "b", None]))
    def retry(self, token: str | None) -> None:
        self.world.edit(retryToken=token)

    @precondition(lambda self: self.world.cluster.updates)
    @rule()
    def delete_update(self) -> None:
        self.world.cluster.user_delete_update(self.world.update.metadata.name)

    @rule(name=st.sampled_from(["mine", "web-g3", "web-g5"]))
    def make_update(self, name: str) -> None:
        if name not in self.world.cluster.updates:
            self.world.cluster.user_update(name)

    # Nodes, and whoever lays hands on pods.

    @rule(image=IMAGES, instance=st.one_of(st.none(), IDS), how=BEHAVIOURS)
    def steer(self, image: str, instance: int | None, how: Behaviour) -> None:
        self.world.kubelet.steering[(image, instance)] = how

    @rule(instance=IDS)
    def kill(self, instance: int) -> None:
        if pod := self._pod(instance):
            self.world.cluster.let_go(pod)

    @rule(instance=IDS)
    def vanish(self, instance: int) -> None:
        if pod := self._pod(instance):
            self.world.cluster.remove_pod(pod)

    @rule(instance=IDS, kind=st.sampled_from(["crash", "end", "disrupt", "flap"]))
    def hurt(self, instance: int, kind: str) -> None:
        pod, put = self._pod(instance), self.world.cluster.set_pod
        now = float(int(self.world.now))
        if pod is None or pod.deleted is not None or pod.ended:
            return
        trouble = Trouble("Error", "by chance", 1, now)
        if kind == "crash":
            put(replace(pod, restarts=pod.restarts + 1, ready_since=now, ran=True, trouble=trouble))
        elif kind == "flap" and pod.ready:
            put(replace(pod, ready_since=now))
        elif kind != "flap":
            ended = replace(pod, phase="Failed", ready=False, ran=True, trouble=trouble)
            put(replace(ended, disrupted=kind == "disrupt"))

    @rule(instance=IDS, what=st.sampled_from(["labels", "owner"]))
    def tamper(self, instance: int, what: str) -> None:
        if pod := self._pod(instance):
            changed = replace(pod, labelled=False) if what == "labels" else replace(pod, owner="")
            self.world.cluster.set_pod(changed)

    @rule(quota=st.sampled_from([None, 0, 2, 4]))
    def squeeze(self, quota: int | None) -> None:
        self.world.cluster.quota = quota

    @rule(image=IMAGES, bad=st.booleans())
    def refuse(self, image: str, bad: bool) -> None:
        if bad:
            self.world.cluster.bad_images[image] = "not today"
        else:
            self.world.cluster.bad_images.pop(image, None)

    # The operator, its watch and its writes.

    @rule()
    def restart(self) -> None:
        self.world.restart()

    @rule(after=st.integers(0, 12), fate=st.sampled_from(["crash", "down", "lost"]))
    def doom(self, after: int, fate: str) -> None:
        """One of the next writes goes wrong."""
        self.world.cluster.fates.extend(["ok"] * after + [fate])

    @rule(kind=KINDS, count=st.integers(1, 3))
    def deliver(self, kind: str, count: int) -> None:
        self.world.operator.deliver(kind, count)

    @rule(count=st.integers(1, 4))
    def decide_on_a_stale_view(self, count: int) -> None:
        for _ in range(count):
            self.world.step()

    @rule(seconds=st.sampled_from([0.3, 1.0, 2.5, 7.0, 61.0]))
    def clock_jumps(self, seconds: float) -> None:
        self.world.cluster.now += seconds
        self.world.kubelet.work()

    @rule(seconds=st.sampled_from([0.0, 1.5, 4.0, 15.0, 70.0]))
    def run(self, seconds: float) -> None:
        self.world.run(seconds)

    # What always holds.

    @invariant()
    def incremental_is_recomputed(self) -> None:
        if not hasattr(self, "world"):
            return
        operator, now = self.world.operator, self.world.now
        operator.observe()
        fresh = operator.instances.recomputed(now)
        slots = operator.job.status.slots
        kept, made = operator.instances.view(slots), fresh.view(slots)
        assert replace(kept, next_good=None) == replace(made, next_good=None)
        if made.next_good is not None:
            assert kept.next_good is not None
            assert kept.next_good <= made.next_good

    def teardown(self) -> None:
        if hasattr(self, "world"):
            calm(self.world)

    def _pod(self, instance: int) -> Pod | None:
        return self.world.cluster.pods.get(f"web-{instance}")


def calm(world: World) -> None:
    """No more disturbances: every Update ends, then everything is good and nothing is written."""
    cluster = world.cluster
    cluster.fates.clear()
    cluster.quota = None
    world.until(lambda: all(u.status.phase in TERMINAL for u in cluster.updates.values()), 20_000)
    cluster.bad_images.clear()
    world.restart()
    world.kubelet.steering.clear()
    world.run(400)
    for pod in list(cluster.pods.values()):
        if not pod.ready:
            cluster.let_go(pod)
    world.run(2_000)
    assert all(u.status.phase in TERMINAL for u in cluster.updates.values()), world.story()
    status = world.status
    assert status.active_update is None
    assert status.instances_in_force == len(world.observer.intended) == len(cluster.pods)
    for revision, ids in world.observer.assigned.items():
        for i in ids:
            assert world.pod(i).revision == revision, world.story()
            assert world.pod(i).ready, world.story()
    if status.instances_refused is None:
        assert status.instances_in_force == cluster.job.spec.instances
    world.quiet()


TestAnythingGoes = AnythingGoes.TestCase
TestAnythingGoes.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
