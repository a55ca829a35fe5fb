"""One life of the operator, put together as `controller.app` does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from controller.api.gate import Gate
from controller.api.sla import Coordinator
from controller.core.decide import decide
from controller.core.model.coordination import Question
from controller.core.model.observed import Observed
from controller.core.model.plan import Event, Plan
from controller.core.pods.index import Instances
from controller.core.verdicts.answer import Answer, Verdict
from controller.kube.client import Client
from controller.kube.config import Connection
from controller.kube.errors import NotHolderError
from controller.kube.events import Recorder
from controller.kube.workqueue import WorkQueue
from controller.reconcile.coordinators import Means
from controller.reconcile.entry import Entry, Key
from controller.reconcile.feeds import Feeds
from controller.reconcile.store import Store
from controller.reconcile.worker import DECIDE_EVERY, Reconciler
from tests.unit.reconcile.sim.session import Session

if TYPE_CHECKING:
    from tests.unit.reconcile.sim.world import ShellWorld

KEY: Key = ("default", "web")


class Shell:
    """Lives from its making until it is killed. ``renewed``: it has been standing by, and reads
    everything anew before it leads, as the program does; else only once, which is faster."""

    def __init__(self, world: ShellWorld, renewed: bool = True) -> None:
        self.world = world
        self._renewed = renewed
        self.session = Session(world.network)
        self.latest = 0.0
        loop, clock = world.loop, lambda: world.now
        client, pod_client = self._client(), self._client()
        self._leads = False
        self.queue: WorkQueue[Key] = WorkQueue(
            gap=DECIDE_EVERY, clock=loop.time, accepts=lambda _: self._leads
        )
        self.store = Store(self.queue.add, clock)
        self.feeds = Feeds(client, self.store, clock=loop.time)
        self.reconciler = Reconciler(
            client,
            pod_client,
            self.store,
            self.queue,
            _Events(world.events),
            observe=lambda *_: None,
            ask=self._ask,
            asked=lambda *_: None,
            coordinators=Means(self._consult, self._turn),
            clock=clock,
            decide=self._decide,
        )
        works = (self.feeds.run(), self._hear_of_jobs(), self._lead())
        self._tasks = [loop.create_task(work) for work in works]

    def kill(self) -> None:
        """Nothing of it goes on."""
        self.session.dead = True
        for task in asyncio.all_tasks(self.world.loop):
            task.cancel()

    def _client(self) -> Client:
        client = Client(Connection(server="http://api"), guard=self._guard)
        client._transport._session = self.session  # type: ignore[assignment]
        return client

    def _guard(self) -> None:
        if self.session.dead:
            raise NotHolderError

    async def _lead(self) -> None:
        if self._renewed:
            await self.feeds.renewed()
        else:
            await asyncio.gather(*(i.synced.wait() for i in self.feeds.informers.values()))
        self._leads = True
        for key in list(self.store.entries):
            self.queue.add(key)
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(self.reconciler.work())

    async def _hear_of_jobs(self) -> None:
        """What kopf hands on: a list, then what the watch tells."""
        served = self.world.cluster
        while True:
            version = served.latest
            for raw in list(served.raw["job"].values()):
                self.store.put_job(raw)
            try:
                async for line in served.watches.follow("job", version):
                    event = json.loads(line)
                    if event["type"] == "DELETED":
                        self.store.drop_job(KEY, event["object"]["metadata"]["uid"])
                    else:
                        self.store.put_job(event["object"])
            except ConnectionResetError:
                await asyncio.sleep(0.1)

    # What the world is told and asked.

    def _decide(self, seen: Observed, now: float) -> Plan:
        self.latest = max(self.latest, now)
        plan = decide(seen, now)
        self.world.observer.judge(seen, plan)
        return plan

    async def _ask(self, gate: Gate, _: object) -> Answer:
        await self.world.network.travel()
        return self.world.cluster.answers.get(gate.name, Answer(Verdict.PASS))

    async def _consult(self, _: Coordinator, question: Question, *job: str) -> Answer:
        assert job == KEY
        await self.world.network.travel()
        return await self.world.consult(question)

    @asynccontextmanager
    async def _turn(
        self, name: str, waits: Callable[[str], None]
    ) -> AsyncIterator[Callable[[], bool]]:
        """As long as one has the turn, nobody else has."""
        assert name.startswith("echelon-coordinator-")
        while self.world.turn is not None and not self.world.turn.session.dead:
            waits("another one has it")
            await asyncio.sleep(0.5)
        self.world.turn = self
        try:
            yield lambda: self.world.turn is self
        finally:
            if self.world.turn is self:
                self.world.turn = None

    @property
    def entry(self) -> Entry:
        return self.store.entry(KEY)

    @property
    def instances(self) -> Instances:
        return self.entry.instances

    def observe(self) -> Observed | None:
        """What it would decide on; None: it does not know of the Job."""
        entry, now = self.entry, self.world.now
        self.latest = max(self.latest, now)
        return entry.observed(now, self.store.foreign_names(entry)) if entry.job else None

    def decide(self) -> Plan:
        seen = self.observe()
        return decide(seen, self.world.now) if seen else Plan()


class _Events(Recorder):
    """Takes down what is said."""

    def __init__(self, said: list[Event]) -> None:
        self._said = said

    def record(self, regarding: Any, type: Any, reason: str, note: str, action: str) -> None:
        assert regarding["uid"], action
        update = regarding["name"] if regarding["kind"] == "Update" else None
        self._said.append(Event(reason, note, update, type))
