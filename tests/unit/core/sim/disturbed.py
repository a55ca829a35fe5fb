"""What may befall a simulated world in a test that plays at random, as rules for hypothesis.

Users, nodes, whoever lays hands on pods, the operator's luck, time. In the end all disturbances
stop, and every Update has to end and the Job to become quiet.
"""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from controller.api.update import TERMINAL
from controller.core.verdicts.answer import Answer, Verdict
from tests.unit.core.sim import Behaviour, World, chance, claims, drain
from tests.unit.core.sim.calm import calm
from tests.unit.core.sim.mischief import at_work, hurt, make, verb
from tests.values import replace


class Disturbed(RuleBasedStateMachine):
    """``steps`` of all runs together. ``make_world`` is given what `World` takes;
    ``has_claims``: whether the Job may have claims. In
    ``mortality`` of four runs the operator dies after each single write."""

    steps = 0
    mortality = 2
    make_world = World
    has_claims = True

    @initialize(
        instances=st.integers(0, 7),
        policy=chance.POLICIES,
        ordering=chance.ORDERINGS,
        with_claims=chance.CLAIMS,
        window=st.sampled_from([0, 3]),
        moment=st.sampled_from([0.0, 1.0, 3.0, 9.0]),
        mortal=st.integers(0, 3),
    )
    def begin(
        self,
        instances: int,
        policy: dict[str, Any],
        ordering: str | None,
        with_claims: dict[str, Any],
        window: int,
        moment: float,
        mortal: int,
    ) -> None:
        self.world = self.make_world(
            instances=instances,
            minReadySeconds=window,
            update=policy,
            ordering=ordering,
            **(with_claims if self.has_claims else {}),
        )
        self.world.cluster.fate = "crash" if mortal < self.mortality else "ok"
        self.world.run(10)
        self.world.edit(image="app:2")
        self.world.run(moment)

    # Users.

    @rule(image=chance.IMAGES, cpu=chance.CPUS, note=chance.NOTES)
    def edit(self, image: str, cpu: str | None, note: str | None) -> None:
        self.world.edit(image=image, cpu=cpu, note=note)

    @rule(ids=chance.FROZEN)
    def freeze(self, ids: str | None) -> None:
        self.world.cluster.user_freeze(ids)

    @rule(image=st.one_of(st.none(), chance.IMAGES), instances=chance.IDS)
    def scale(self, image: str | None, instances: int) -> None:
        self.world.edit(image=image, instances=instances)

    @rule(ordering=chance.ORDERINGS)
    def order(self, ordering: str | None) -> None:
        self.world.cluster.user_order(ordering)

    @rule(wish=chance.CLAIMS)
    def edit_claims(self, wish: dict[str, Any]) -> None:
        if self.has_claims:
            self.world.cluster.user_claims(wish)

    @rule(policy=chance.EDITS)
    def edit_policy(self, policy: dict[str, Any]) -> None:
        self.world.edit(**policy)

    @rule(
        source=st.sampled_from([None, "", "commit 1", "commit 2"]),
        parent=st.sampled_from([None, "", "current", "web-unknown"]),
    )
    def annotate(self, source: str | None, parent: str | None) -> None:
        """A pipeline says what the template was built from, and what it expects."""
        cluster = self.world.cluster
        current = cluster.job.status.current_revision
        cluster.annotate(source=source, expected_parent=current if parent == "current" else parent)

    @rule(name=chance.NAMES, spec=chance.UPDATES, patch=chance.PATCHES)
    def ask(self, name: str, spec: dict[str, Any], patch: dict[str, Any] | None) -> None:
        """An Update by hand; one of that name that has ended makes room for it."""
        there = self.world.cluster.updates
        if name in there and there[name].status.phase in TERMINAL:
            self.world.cluster.user_delete_update(name)
        if name not in there:
            make(self.world, name, spec, patch)

    @rule(what=chance.VERBS)
    def verb(self, what: str) -> None:
        if update := at_work(self.world):
            verb(self.world, update, what)

    @rule(offset=st.sampled_from([0.0, 0.0, 0.0, -3.0, -100.0, 2.0, 1000.0]))
    def pulse(self, offset: float) -> None:
        if update := at_work(self.world):
            self.world.cluster.pulse(update.metadata.name, self.world.now + offset)

    @rule(newest=st.booleans())
    def delete_an_update(self, newest: bool) -> None:
        there = self.world.cluster.updates
        update = at_work(self.world) if not newest else next(reversed(there.values()), None)
        if update:
            self.world.cluster.user_delete_update(update.metadata.name)

    @rule(what=st.sampled_from(["job", "update", "update with its status", "all"]))
    def restore(self, what: str) -> None:
        """Something comes back from a backup."""
        cluster = self.world.cluster
        if what in ("job", "all"):
            cluster.restore_job()
        updates = list(cluster.updates) if what == "all" else []
        if what.startswith("update") and (update := at_work(self.world)):
            updates = [update.metadata.name]
        for name in updates:
            cluster.restore_update(name, status=what == "update with its status")
        # Until it sees that, the operator rightly acts on what it had written.
        self.world.see("job", "update")

    # Nodes, and whoever lays hands on pods.

    @rule(
        image=chance.IMAGES,
        instance=st.one_of(st.none(), chance.IDS),
        how=chance.BEHAVIOURS,
    )
    def steer(self, image: str, instance: int | None, how: Behaviour) -> None:
        self.world.kubelet.steering[(image, instance)] = how

    @rule(instance=chance.IDS, how=chance.HARMS, beside=st.booleans())
    def hurt(self, instance: int, how: str, beside: bool) -> None:
        names = [f"web-{instance}", f"web-{instance}-s"]
        pods = [p for n in names if (p := self.world.cluster.pods.get(n)) is not None]
        if pods:
            hurt(self.world, pods[-1 if beside else 0], how)

    @rule(instance=chance.IDS, how=chance.CLAIM_HARMS, later=st.sampled_from(["Bound", "Pending"]))
    def hurt_claims(self, instance: int, how: str, later: str) -> None:
        self.world.cluster.claim_phase = later
        claims.hurt(self.world.cluster, instance, how)

    @rule(instance=chance.IDS, surge=st.booleans())
    def stranger(self, instance: int, surge: bool) -> None:
        """Somebody else's pod takes a name, or gives it back."""
        name, cluster = f"web-{instance}" + ("-s" if surge else ""), self.world.cluster
        there = cluster.pods.get(name)
        if there is None:
            cluster.stranger(name)
        elif there.owner == "somebody":
            cluster.remove_pod(there)

    @rule(
        quota=st.sampled_from([None, None, 0, 2, 4]),
        bad=st.one_of(st.none(), chance.IMAGES),
        stubborn=st.sets(chance.IDS, max_size=3),
    )
    def squeeze(self, quota: int | None, bad: str | None, stubborn: set[int]) -> None:
        self.world.cluster.quota = quota
        self.world.cluster.bad_images = {} if bad is None else {bad: "not today"}
        self.world.cluster.in_place_refused = stubborn

    @rule(said=chance.SAYING)
    def gates_say(self, said: dict[str, Verdict]) -> None:
        self.world.cluster.answers |= {name: Answer(verdict) for name, verdict in said.items()}

    @rule(
        instances=st.sets(chance.IDS, max_size=3),
        within=st.sampled_from([math.inf, math.inf, 10.0, 60.0]),
        sla=chance.SLAS,
    )
    def drain(self, instances: set[int], within: float, sla: dict[str, Any] | None) -> None:
        drain.mark(self.world.cluster, *instances, deadline=self.world.now + within, sla=sla)

    @rule()
    def undrain(self) -> None:
        drain.lift(self.world.cluster)

    # The operator and its watch.

    @rule()
    def restart(self) -> None:
        self.world.restart()

    @rule(kinds=st.sets(chance.KINDS, max_size=2))
    def late(self, kinds: set[str]) -> None:
        """Some watches say nothing for a while."""
        self.world.late = kinds

    @rule(kind=chance.KINDS, count=st.integers(1, 3))
    def deliver(self, kind: str, count: int) -> None:
        self.world.see(kind, count=count)

    @rule(seconds=st.sampled_from([0.3, 1.0, 2.5, 7.0, 61.0, -0.4, -2.0, -5.0]))
    def clock_jumps(self, seconds: float) -> None:
        self.world.cluster.now += seconds
        self.world.kubelet.work()

    # Thrice, for otherwise little comes to pass between the blows.
    @rule(seconds=st.sampled_from([0.0, 0.6, 1.5, 3.0]))
    def live_for_a_moment(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(seconds=st.sampled_from([1.5, 4.0, 7.0, 15.0]))
    def live(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(seconds=st.sampled_from([7.0, 30.0, 70.0]))
    def live_on(self, seconds: float) -> None:
        self.world.late.clear()
        self.world.run(seconds)

    # What always holds.

    @invariant()
    def incremental_is_recomputed(self) -> None:
        type(self).steps += 1
        operator, now = self.world.operator, self.world.now
        seen = operator.observe()
        if seen is None or operator.latest > now:
            return  # The clock was set back: that takes nothing away that was good.
        fresh, slots = operator.instances.recomputed(now), seen.job.status.slots
        kept, made = operator.instances.view(slots), fresh.view(slots)
        timeless = {"next_good": None, "next_counting": None}
        assert replace(kept, **timeless) == replace(made, **timeless)
        if made.next_good is not None:
            assert kept.next_good is not None
            assert kept.next_good <= made.next_good

    def teardown(self) -> None:
        calm(self.world)
