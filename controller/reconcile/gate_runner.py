"""Asks gates, each in a task of its own, so that no key waits for a provider.

An answer is only cached; the next decision evaluates it and stores the result. Each gate of an
Update is asked by at most one task at a time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from controller.api.gate import Gate
from controller.api.ids import Ids
from controller.api.update import Update
from controller.core.gates.run import gap
from controller.core.model.observed import GateAnswer
from controller.core.model.plan import AskGate
from controller.core.verdicts import builtin
from controller.core.verdicts.answer import Answer
from controller.gates.context import Context, Instance
from controller.reconcile.entry import Entry, Key

log = logging.getLogger(__name__)

Ask = Callable[[Gate, Context], Awaitable[Answer]]
#: Called after each answer with provider, verdict, seconds that it took, seconds of late start.
Observe = Callable[[str, str, float, float], None]


class GateRunner:
    """``settled(key)`` is called when a gate has answered."""

    def __init__(
        self,
        ask: Ask,
        settled: Callable[[Key], None],
        observe: Observe,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ask = ask
        self._settled = settled
        self._observe = observe
        self._clock = clock
        self._tasks: dict[asyncio.Task[None], Key] = {}

    def act(self, entry: Entry, asks: Iterable[AskGate]) -> None:
        """Start to ask the gates."""
        for ask in asks:
            known = entry.updates.get(ask.update)
            if known is None or known.update is None or ask.gate.name in entry.asking:
                continue
            entry.asking.add(ask.gate.name)
            task = asyncio.create_task(self._run(entry, ask, known.update))
            self._tasks[task] = entry.key
            task.add_done_callback(self._tasks.pop)

    def stop(self, kept: Callable[[Key], bool] = lambda _: False) -> None:
        """Cancel the tasks whose keys are not kept, because another operator asks from now on."""
        for task, key in self._tasks.items():
            if not kept(key):
                task.cancel()

    async def _run(self, entry: Entry, ask: AskGate, update: Update) -> None:
        begun, gate = self._clock(), ask.gate
        try:
            if ask.evidence is not None:
                answer = builtin.judge(ask.evidence)
            else:
                answer = await self._ask(gate, _context(entry, ask, update))
            key = update.metadata.uid, gate.name
            before, now = entry.answers.get(key), self._clock()
            latest = GateAnswer(ask.run, answer, now, ask.through, ask.question)
            entry.answers[key] = latest = latest.following(before, gap(gate))
            # An answer that waits is no fault of a gate, and alerts must not count it as one.
            verdict = "Wait" if answer.waiting else str(answer.verdict)
            self._observe(gate.provider, verdict, latest.at - begun, begun - ask.due)
            log.debug("gate %s: %s %s", gate.name, answer.verdict, answer.message)
        finally:
            entry.asking.discard(gate.name)
        self._settled(entry.key)


def _context(entry: Entry, ask: AskGate, update: Update) -> Context:
    namespace, job = entry.key
    to = update.status.to
    revision = to.revision if to and to.revision else ""
    return Context(
        namespace=namespace,
        job=job,
        update=update.metadata.name,
        update_uid=update.metadata.uid,
        revision=revision,
        digest=revision.removeprefix(f"{job}-"),
        group=ask.group,
        run=ask.question,
        updated=_instances(entry, ask.updated),
        baseline=_instances(entry, ask.baseline),
    )


def _instances(entry: Entry, ids: Ids) -> tuple[Instance, ...]:
    slots = entry.job.status.slots if entry.job else Ids()
    pods = (entry.instances.pods.get((i, i in slots)) for i in ids)
    return tuple((pod.instance, pod.name, pod.ip) for pod in pods if pod is not None)
