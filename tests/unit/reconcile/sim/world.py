"""The world of the core's tests, with the real shell in it, and time that the loop drives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from controller.api.job import Job
from controller.core.model.coordination import Question
from controller.core.model.plan import Event, Plan
from controller.core.verdicts.answer import Answer, passed
from tests.unit.core.sim.kubelet import Kubelet
from tests.unit.core.sim.observer import Observer
from tests.unit.core.sim.world import World, job
from tests.unit.reconcile.sim.api import Api
from tests.unit.reconcile.sim.clockwork import Clockwork
from tests.unit.reconcile.sim.served import Served
from tests.unit.reconcile.sim.session import Network
from tests.unit.reconcile.sim.shell import Shell

#: Seconds from the death of an operator to its successor's birth.
REBORN = 0.3

log = logging.getLogger("controller")


class ShellWorld(World):
    """``close`` it: an error that the shell logs is one, and is raised as time goes by."""

    def __init__(self, given: Job | None = None, **kwargs: Any) -> None:
        self.late: set[str] = set()
        self.events: list[Event] = []
        self.after_step: Callable[[], object] = lambda: None
        self.failures: list[BaseException] = []
        #: What coordinators were asked, and how they answer.
        self.questions: list[Question] = []
        self.consent: Callable[[Question], Answer] = lambda _: passed("", "Allow")
        #: Seconds that an answer takes.
        self.thinking = 0.0
        #: The life of the operator that has the turn to ask.
        self.turn: Shell | None = None
        self.loop = Clockwork(self._idle)
        self.loop.set_exception_handler(self._unhandled)
        self.cluster = Served(given or job(**kwargs), self.loop.time, lambda: self.late)
        self.kubelet = Kubelet(self.cluster)
        self.observer = Observer(self.cluster)
        self.cluster.before = self.observer.before
        self.cluster.after = self._written
        self.network = Network(Api(self.cluster), self._crash, self._fail)
        self._end, self._until = 0.0, lambda: False
        self._reached = self._closed = False
        self._rebirth: asyncio.TimerHandle | None = None
        self._ears = _Ears(self._fail)
        log.addHandler(self._ears)
        self.operator = Shell(self)

    def close(self) -> None:
        """The end of it."""
        log.removeHandler(self._ears)
        self._die()
        self._closed, self.loop.turns = True, 0
        self.loop.run_until_complete(self._ended())
        self.loop.close()

    async def _ended(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        await self.loop.shutdown_asyncgens()

    async def consult(self, question: Question) -> Answer:
        """What the coordinator answers."""
        self.questions.append(question)
        await asyncio.sleep(self.thinking)
        return self.consent(question)

    # The operator.

    def restart(self, quiet_until: object = None) -> None:
        del quiet_until  # To come up takes it a while.
        self._die()
        self._be_born()

    def _crash(self) -> None:
        self._die()
        self._rebirth = self.loop.call_later(REBORN, self._be_born, False)

    def _die(self) -> None:
        self.operator.kill()
        if self._rebirth is not None:
            self._rebirth.cancel()

    def _be_born(self, renewed: bool = True) -> None:
        self._rebirth = None
        self.operator = Shell(self, renewed)

    def soothe(self) -> None:
        super().soothe()
        # An operator that dies after each write for ever never gets to its actions.
        self.cluster.fate = "ok"
        self.network.reads.clear()
        self.network.latency = 0.0
        self.cluster.watches.lag.clear()

    def see(self, *kinds: str, count: int | None = None) -> None:
        for kind in kinds:
            self.cluster.watches.let(kind, count)
        self.run(0.0)

    def step(self) -> bool:
        raise AssertionError("the shell goes on by itself")

    def settle(self) -> Plan:
        self.run(0.0)
        return self.operator.decide()

    # Time.

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        self._end, self._until, self._reached = self.loop.time() + seconds, until, False
        self.cluster.watches.go_on()
        self.kubelet.work()
        self.loop.run_forever()
        if self.failures:
            raise self.failures[0]
        return self._reached

    def _idle(self, timer: float | None) -> float:
        """Nothing is left to do in this moment: on to the next, the kubelet's or the shell's."""
        now, cluster = self.loop.time(), self.cluster
        if self._closed:
            return now if timer is None else timer
        if self._until is not None and self._until():
            self._reached = True
            self.loop.stop()
            return now
        due = self.kubelet.next_due()
        moments = [timer, None if due is None else now + max(0.0, due - cluster.now)]
        moment = min((m for m in moments if m is not None), default=self._end + 1)
        if moment > self._end:
            self.loop.stop()
            moment = self._end
        cluster.now += max(0.0, moment - now)
        if due is not None and moment == moments[1]:
            cluster.now = max(cluster.now, due)
            self.kubelet.work()
            self.after_step()
        return moment

    def _written(self) -> None:
        self.observer.after()
        self.kubelet.look()
        self.after_step()

    def _unhandled(self, _: object, context: dict[str, Any]) -> None:
        self._fail(context.get("exception") or AssertionError(context["message"]))

    def _fail(self, error: BaseException) -> None:
        """Time stands still: it may be that the shell tries again for ever."""
        self.failures.append(error)
        self.loop.stop()


class _Ears(logging.Handler):
    """An error in the log is a failure of the test."""

    def __init__(self, fail: Callable[[BaseException], object]) -> None:
        super().__init__(logging.ERROR)
        self._fail = fail

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._fail(error or AssertionError(record.getMessage()))
