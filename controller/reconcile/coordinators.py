"""Asks the coordinators of Jobs (`spec.sla.coordinator`), each question in a task of its own.

All operators together ask one question at a time at the same URL, by the Lease
``echelon-coordinator-<hash>``. What the coordinator allows is done while that Lease is held, so it
comes before the next question::

    asked     a dry run of the eviction, the turn (the Lease), the question
    allowed   the next decision acts on the answer, unless it has no more use for it
    acting    the act is under way
    over      the Lease is released, and the Job is decided again

A decision that wants another question, or none, ends the present one: its answer counts no more.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final, Protocol

from controller.api.sla import Coordinator
from controller.core.model.coordination import Question, denied
from controller.core.verdicts.answer import Answer, Verdict, inconclusive
from controller.kube.errors import ApiError, NotHolderError
from controller.reconcile import refusal
from controller.reconcile.entry import Entry, Key
from controller.reconcile.evictions import Evictions
from controller.reconcile.references import about_line

log = logging.getLogger(__name__)

#: Seconds for which an answer that allows may be acted on.
FRESH: Final = 10.0
#: Called with the result of each question, the seconds it took, and those of the wait before.
Observe = Callable[[str, float, float], None]


class Ask(Protocol):
    """How a coordinator is asked about a pod of the Job ``namespace``/``job``."""

    async def __call__(
        self, coordinator: Coordinator, question: Question, namespace: str, job: str
    ) -> Answer: ...


class Turn(Protocol):
    """How the turn of a name is had: see `kube.turns.Turns.turn`."""

    def __call__(
        self, name: str, waits: Callable[[str], None]
    ) -> AbstractAsyncContextManager[Callable[[], bool]]: ...


@dataclass(frozen=True, slots=True)
class Means:
    """What is needed to ask coordinators."""

    ask: Ask
    turn: Turn
    observe: Observe = lambda _result, _seconds, _waited: None


@dataclass(slots=True)
class _Run:
    """One question under way. ``had``: whether the turn is still had."""

    entry: Entry
    question: Question
    acting: bool = False
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    had: Callable[[], bool] = lambda: False
    task: asyncio.Task[None] | None = None


class Coordinators:
    """``means``: None if this process asks no coordinator; then it takes nobody down that needs
    the consent of one. ``settled(key)`` is called when a Job should be decided again."""

    def __init__(
        self,
        means: Means | None,
        evictions: Evictions,
        settled: Callable[[Key], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._means = means
        self._evictions = evictions
        self._settled = settled
        self._clock = clock
        self._runs: dict[Key, _Run] = {}

    def want(self, entry: Entry, question: Question | None) -> None:
        """Ask this question, and no other about the Job; None: none."""
        run = self._runs.get(entry.key)
        if run is not None:
            if not run.acting and run.question != question and run.task is not None:
                run.task.cancel()  # Its end leads to a new decision.
            return
        given = entry.job.spec.sla if entry.job else None
        if question is None or given is None or given.coordinator is None:
            return
        run = self._runs[entry.key] = _Run(entry, question)
        run.task = asyncio.create_task(self._run(run, given.coordinator))

    def begin(self, entry: Entry, question: Question) -> bool:
        """An act is to begin that needs the answer to this question. Returns whether it may."""
        run = self._runs.get(entry.key)
        if run is None or run.entry is not entry or entry.coordination.allowed != question:
            return False
        run.acting = True
        run.begun.set()
        return True

    def check(self, key: Key) -> None:
        """Called right before the act is sent. Raises ``NotHolderError`` if the turn was lost."""
        run = self._runs.get(key)
        if run is None or not run.had():
            raise NotHolderError

    def end(self, key: Key) -> None:
        """The act has ended."""
        if (run := self._runs.get(key)) is not None:
            run.over.set()

    async def drain(self, kept: Callable[[Key], bool], seconds: float) -> None:
        """End the questions of keys that are not kept. Acts under way may take ``seconds``."""
        runs = [run for key, run in self._runs.items() if not kept(key)]
        for run in runs:
            if not run.acting and run.task is not None:
                run.task.cancel()
        if tasks := [run.task for run in runs if run.task is not None]:
            _, pending = await asyncio.wait(tasks, timeout=seconds)
            for task in pending:
                task.cancel()

    async def _run(self, run: _Run, coordinator: Coordinator) -> None:
        entry, key = run.entry, run.entry.key
        entry.coordination = replace(entry.coordination, asked=run.question, waits="")
        try:
            await self._ask(run, coordinator)
        except NotHolderError:
            pass  # The process that holds the Lease of the Job now decides about it.
        except ApiError as error:
            answer = refusal.answer(error)
            if not self._evictions.take_note(entry, run.question.pod, run.question.pod_uid, answer):
                self._say(run, inconclusive(f"the dry run of its eviction failed: {error}"))
        except Exception:
            log.exception("asking a coordinator failed", extra=about_line(entry))
            self._say(run, inconclusive("asking failed"))
        finally:
            entry.coordination = replace(entry.coordination, asked=None, allowed=None, waits="")
            del self._runs[key]
            self._settled(key)

    async def _ask(self, run: _Run, coordinator: Coordinator) -> None:
        """Ask the question; if it is allowed, wait until it was acted on."""
        entry, question = run.entry, run.question
        if not await self._evictions.would_go(entry, question.pod, question.pod_uid):
            return
        if self._means is None:
            self._say(run, inconclusive("this operator asks no coordinator"))
            return
        means, came = self._means, self._clock()
        async with means.turn(lease_name(coordinator.url), lambda why: self._wait(run, why)) as had:
            run.had, asked = had, self._clock()
            self._wait(run, "")
            answer = await means.ask(coordinator, question, *entry.key)
            result = answer.value or "NoAnswer"
            means.observe(result, self._clock() - asked, asked - came)
            log.debug("coordinator about %s: %s %s", question.pod, result, answer.message)
            if answer.verdict is not Verdict.PASS:
                self._say(run, answer)
            elif had():
                await self._allow(run)

    async def _allow(self, run: _Run) -> None:
        """Let the next decision act, and wait for the end of that."""
        entry, request = run.entry, run.question.request_id
        denials = {r: d for r, d in entry.coordination.denials.items() if r != request}
        entry.coordination = replace(
            entry.coordination, allowed=run.question, denials=denials, asked=None
        )
        self._settled(entry.key)
        with suppress(TimeoutError):
            async with asyncio.timeout(FRESH):
                await run.begun.wait()
        entry.coordination = replace(entry.coordination, allowed=None)
        if run.acting:
            await run.over.wait()

    def _wait(self, run: _Run, why: str) -> None:
        known = run.entry.coordination
        if known.asked == run.question and known.waits != why:
            run.entry.coordination = replace(known, waits=why)
            self._settled(run.entry.key)

    def _say(self, run: _Run, answer: Answer) -> None:
        """Keep an answer that does not allow."""
        known, request = run.entry.coordination, run.question.request_id
        denial = denied(run.question, answer, known.denials.get(request), self._clock())
        run.entry.coordination = replace(known, denials={**known.denials, request: denial})


def lease_name(url: str) -> str:
    """The Lease of a coordinator, as the chart names it in the Role."""
    return f"echelon-coordinator-{sha256(url.encode()).hexdigest()[:16]}"
