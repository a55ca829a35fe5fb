"""Whatever happens, and whenever the operator dies: the invariants of the design hold.

Hypothesis plays user, node, watch and fate against the simulated world. The observer looks at every
step; in the end all disturbances stop, and every Update has to end and the Job to become quiet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from controller.api.pod import Trouble
from controller.api.update import TERMINAL
from tests.unit.core.sim import Behaviour, World

pytestmark = pytest.mark.timeout(900)  # To find the smallest failing case takes its time.

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
TOKENS = st.sampled_from([{"retryToken": "a"}, {"retryToken": "b"}, {"retryToken": None}])
HARMS = st.sampled_from(["kill", "vanish", "labels", "owner", "crash", "flap", "end", "disrupt"])
KINDS = st.sampled_from(["job", "update", "revision", "pod"])


class AnythingGoes(RuleBasedStateMachine):
    @initialize(
        instances=st.integers(0, 7),
        policy=POLICIES,
        window=st.sampled_from([0, 3]),
        moment=st.sampled_from([0.0, 1.0, 3.0, 9.0]),
    )
    def begin(self, instances: int, policy: dict[str, Any], window: int, moment: float) -> None:
        self.world = World(instances=instances, minReadySeconds=window, update=policy)
        self.world.run(10)
        self.world.edit(image="app:2")
        self.world.run(moment)

    # Users.

    @rule(image=IMAGES)
    def edit(self, image: str) -> None:
        self.world.edit(image=image)

    @rule(image=st.one_of(st.none(), IMAGES), instances=IDS)
    def scale(self, image: str | None, instances: int) -> None:
        self.world.edit(image=image, instances=instances)

    @rule(policy=st.one_of(POLICIES, TOKENS))
    def edit_policy(self, policy: dict[str, Any]) -> None:
        self.world.edit(**policy)

    @rule(name=st.sampled_from([None, None, "mine", "web-g3", "web-g5"]))
    def meddle(self, name: str | None) -> None:
        """Make an Update by hand, or delete the newest one."""
        there = self.world.cluster.updates
        if name is None and there:
            self.world.cluster.user_delete_update(self.world.update.metadata.name)
        elif name is not None and name not in there:
            self.world.cluster.user_update(name)

    # Nodes, and whoever lays hands on pods.

    @rule(image=IMAGES, instance=st.one_of(st.none(), IDS), how=BEHAVIOURS)
    def steer(self, image: str, instance: int | None, how: Behaviour) -> None:
        self.world.kubelet.steering[(image, instance)] = how

    @rule(instance=IDS, how=HARMS)
    def hurt(self, instance: int, how: str) -> None:
        cluster, now = self.world.cluster, float(int(self.world.now))
        pod, trouble = cluster.pods.get(f"web-{instance}"), Trouble("Error", "by chance", 1, now)
        alive = pod is not None and pod.deleted is None and not pod.ended
        if pod is None:
            return
        if how == "kill":
            cluster.let_go(pod)
        elif how == "vanish":
            cluster.remove_pod(pod)
        elif how == "labels":
            cluster.set_pod(replace(pod, labelled=False))
        elif how == "owner":
            cluster.set_pod(replace(pod, owner=""))
        elif how == "crash" and alive:
            crashed = replace(pod, restarts=pod.restarts + 1, ran=True, trouble=trouble)
            cluster.set_pod(replace(crashed, ready_since=now))
        elif how == "flap" and pod.ready:
            cluster.set_pod(replace(pod, ready_since=now))
        elif how in ("end", "disrupt") and alive:
            ended = replace(pod, phase="Failed", ready=False, ran=True, trouble=trouble)
            cluster.set_pod(replace(ended, disrupted=how == "disrupt"))

    @rule(quota=st.sampled_from([None, None, 0, 2, 4]), bad=st.one_of(st.none(), IMAGES))
    def squeeze(self, quota: int | None, bad: str | None) -> None:
        self.world.cluster.quota = quota
        self.world.cluster.bad_images = {} if bad is None else {bad: "not today"}

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

    # Twice, for otherwise little comes to pass between the blows.
    @rule(seconds=st.sampled_from([0.0, 0.6, 1.5, 3.0]))
    def live_for_a_moment(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(seconds=st.sampled_from([4.0, 7.0, 15.0, 70.0]))
    def live(self, seconds: float) -> None:
        self.world.run(seconds)

    # What always holds.

    @invariant()
    def incremental_is_recomputed(self) -> None:
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
        calm(self.world)


def calm(world: World) -> None:
    """No more disturbances: every Update ends, then everything is good and nothing is written."""
    cluster = world.cluster
    cluster.fates.clear()
    cluster.quota = None
    # While creates are refused, `maxUnavailable` may rightly wait for ids out of the update.
    cluster.bad_images.clear()
    world.restart()
    # What the kubelet refuses before a container ran is no failure: it would be waited for.
    steering = world.kubelet.steering
    world.kubelet.steering = {who: how for who, how in steering.items() if how.ran}
    # A bad instance out of the update may hold it by `maxUnavailable`, until it is mended below.
    world.until(
        lambda: all(
            u.status.phase in TERMINAL or u.status.reason == "MaxUnavailable"
            for u in cluster.updates.values()
        ),
        20_000,
    )
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
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    # The same steps in every run: a new find belongs to whoever looks for one (remove the line).
    derandomize=True,
    # Not explain: it traces every line, which makes a failure take an hour to tell.
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)
