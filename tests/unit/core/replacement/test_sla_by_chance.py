"""Whatever comes in between, an Update that obeys sla, budgets and coordinator takes no instance
too many (the observer of the simulated cluster judges each decision) and comes to its end."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from controller.api.update import TERMINAL, Action
from controller.core.model.coordination import Question
from controller.core.verdicts.answer import Answer, failed, inconclusive, passed
from tests.unit.core.sim.drain import lift, mark
from tests.unit.core.sim.world import World

SLAS: tuple[dict[str, Any], ...] = (
    {},
    {"minAvailable": 1},
    {"minAvailable": "50%"},
    {"minAvailable": "100%"},
    {"minAvailable": 2, "durationSeconds": 10},
    {"minAvailable": "80%", "durationSeconds": 60},
    {"coordinator": {"url": "https://consent.test/may"}},
    {"minAvailable": "50%", "coordinator": {"url": "https://consent.test/may"}},
)
STRATEGIES = (
    {"type": "Batch", "size": 1},
    {"type": "Batch", "size": 10},
    {"type": "Queue", "size": 1},
    {"type": "Queue", "size": 4},
)


class Course:
    """One course of events."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        self.count, self.image, sla = chance.choice([1, 2, 3, 5]), 1, chance.choice(SLAS)
        policy = {
            "slaAware": True,
            "replacement": chance.choice(["Recreate", "InPlace", "Surge"]),
            "strategy": chance.choice(STRATEGIES),
            "maxFailedInstances": "100%",
        }
        spec: dict[str, Any] = {"sla": sla} if sla else {}
        self.world = World(instances=self.count, update=policy, **spec).ready()
        self.world.cluster.consent = self.consent
        #: How likely it is that the coordinator allows something.
        self.kind = 1.0

    def run(self) -> None:
        events = [self.edit, self.edit, self.kill, self.budget, self.scale, self.verb, self.fail]
        events += [self.drain, self.drain, self.undrain, self.mood]
        for _ in range(self.chance.randint(4, 9)):
            self.chance.choice([*events, self.world.restart, self.lag])()
            self.world.run(self.chance.choice([0.0, 1, 3, 7, 20, 70]))
        self.calm()

    def consent(self, _: Question) -> Answer:
        if self.chance.random() < self.kind:
            return passed("", "Allow")
        return self.chance.choice([failed("no", "Deny"), inconclusive("no answer in 10 s")])

    def mood(self) -> None:
        self.kind = self.chance.choice([0.0, 0.3, 0.8, 1.0])

    def edit(self) -> None:
        self.image += 1
        self.world.edit(image=f"app:{self.image}")

    def kill(self) -> None:
        if pods := list(self.world.cluster.pods.values()):
            self.world.cluster.let_go(self.chance.choice(pods))

    def budget(self) -> None:
        if "mine" in self.world.cluster.budgets:
            self.world.cluster.drop_budget("mine")
        else:
            least = self.chance.choice([0, 1, self.count - 1, self.count])
            self.world.cluster.put_budget("mine", least)

    def scale(self) -> None:
        self.count = self.chance.choice([1, 2, 4, 6])
        self.world.edit(instances=self.count)

    def verb(self) -> None:
        active = [u for u in self.world.cluster.updates.values() if u.status.phase not in TERMINAL]
        if active and active[-1].spec.action is Action.PROCEED:
            action = self.chance.choice([Action.ABORT, Action.ROLLBACK])
            self.world.cluster.user_edit_update(active[-1].metadata.name, action=action)

    def fail(self) -> None:
        count = self.chance.randint(1, 4)
        self.world.cluster.fates.extend(self.chance.choices(["lost", "crash", "down"], k=count))

    def drain(self) -> None:
        ids = self.chance.sample(range(self.count), k=self.chance.randint(1, self.count))
        deadline = self.world.now + self.chance.choice([math.inf, math.inf, 30.0])
        mark(self.world.cluster, *ids, deadline=deadline, sla=self.chance.choice(SLAS) or None)

    def undrain(self) -> None:
        lift(self.world.cluster)

    def lag(self) -> None:
        self.world.cluster.behind = not self.world.cluster.behind

    def calm(self) -> None:
        """Nothing disturbs any more: all comes to its end."""
        world, cluster = self.world, self.world.cluster
        cluster.behind, self.kind = False, 1.0
        cluster.catch_up()
        world.soothe()
        if "mine" in cluster.budgets:
            cluster.drop_budget("mine")
        world.edit()
        for _ in range(40):
            world.run(100)
            if all(u.status.phase in TERMINAL for u in cluster.updates.values()):
                break
        assert all(u.status.phase in TERMINAL for u in cluster.updates.values()), world.story()
        assert sorted(p.instance for p in cluster.pods.values() if p.ready) == list(
            range(world.status.instances_in_force or 0)
        ), world.story()


@pytest.mark.parametrize("seed", range(60))
def test_whatever_comes_in_between(seed: int) -> None:
    Course(seed).run()
