"""One reconcile: read the store, decide, act, and add the key for the next known time.

One worker at a time handles a key. A write of intent is awaited and followed by a new decision.
Actions on pods and reports are only started.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from controller.core.decide import decide
from controller.core.job import missing
from controller.core.model import plan
from controller.core.model.brake import Brake
from controller.core.model.limits import REPORT_EVERY
from controller.core.model.observed import Observed
from controller.core.refusals import judgement
from controller.core.refusals import writes as refused_writes
from controller.kube.client import Client
from controller.kube.errors import ApiError, Conflict, NotFound, NotHolderError
from controller.kube.events import Recorder
from controller.kube.workqueue import QueueClosed, WorkQueue
from controller.reconcile import refusal
from controller.reconcile.apart import look_around, surplus
from controller.reconcile.coordinators import Means
from controller.reconcile.entry import Entry, Key
from controller.reconcile.events import Events
from controller.reconcile.existence import is_to_be_read
from controller.reconcile.gate_runner import Ask, GateRunner, Observe
from controller.reconcile.in_work import InWork
from controller.reconcile.intent import Ended, Intent
from controller.reconcile.left_alone import LeftAlone
from controller.reconcile.ownership import writing_for
from controller.reconcile.pods import Pods
from controller.reconcile.reports import Reports
from controller.reconcile.store import Store
from controller.reconcile.wanted import want

log = logging.getLogger(__name__)

#: Maximum number of writes in one reconcile; more would mean that decisions never settle.
MAX_WRITES = 50
#: Seconds from one decision about a Job to the next, at least. While a thousand instances change,
#: several events are answered by one decision; a single event is answered at once.
DECIDE_EVERY = 0.01
#: Seconds added to a wake-up time, so that the time has passed for certain at the next decision.
LATE = 0.005


class Reconciler:
    """``observe(seconds, result)`` is called after each reconcile, ``ended(phase, seconds)`` after
    each Update that ended.

    ``report_every``: seconds between two reports about one object, at least. ``brake`` counts the
    disruptions of all Jobs; None for no limit. ``coordinators``: how they are asked. Requests about
    pods have a client of their own, so that no status write waits behind a thousand deletes.
    """

    def __init__(
        self,
        client: Client,
        pod_client: Client,
        store: Store,
        queue: WorkQueue[Key],
        recorder: Recorder,
        *,
        observe: Callable[[float, str], None],
        ask: Ask,
        asked: Observe,
        ended: Ended = lambda _phase, _seconds: None,
        report_every: float = REPORT_EVERY,
        brake: Callable[[], Brake] | None = None,
        coordinators: Means | None = None,
        clock: Callable[[], float] = time.time,
        decide: Callable[[Observed, float], plan.Plan] = decide,
    ) -> None:
        self._client = client
        self._store = store
        self._queue = queue
        self._events = Events(recorder)
        self._observe = observe
        self._clock = clock
        self._decide = decide
        self._brake = brake
        #: Keys with a failed action since their last decision; several failures are one back-off.
        self._failing: set[Key] = set()
        self._in_work = InWork()
        self._intent = Intent(client, store, clock, ended)
        self._left_alone = LeftAlone(
            self._intent, self._events, self._granted, queue.add, self._at, clock
        )
        self.gates = GateRunner(ask, lambda key: self._settled(key, True), asked, clock)
        self.pods = Pods(pod_client, store, self._settled, clock, coordinators)
        self.reports = Reports(self._report, queue.add, report_every, clock)

    async def work(self) -> None:
        """Handle keys until the queue is closed."""
        while True:
            try:
                key = await self._queue.get()
            except QueueClosed:
                return
            started = time.perf_counter()
            try:
                result = await self._in_work.done(key, self._tried(key))
            finally:
                self._queue.done(key)
            if result is not None:
                self._observe(time.perf_counter() - started, result)

    async def end(self, kept: Callable[[Key], bool], seconds: float) -> None:
        """End all work on keys that are not kept, because another operator works on them from now
        on. Requests that are sent may take ``seconds`` to end; nothing new is started, because the
        queue accepts no such key and the guard of the client no such write."""
        self.gates.stop(kept)
        await asyncio.gather(
            self._in_work.end(kept, seconds),
            self.reports.drain(seconds, kept),
            self.pods.coordinators.drain(kept, seconds),
            self.pods.drain(seconds, kept),
        )

    async def _tried(self, key: Key) -> str:
        """Reconcile a key and retry it after any failure. Returns the result for metrics."""
        self._failing.discard(key)
        try:
            acted = await self.reconcile(key)
        except ApiError as error:
            if isinstance(error, NotHolderError):
                # If the key is another operator's, the queue takes it no more. If the Lease was
                # only renewed late, nobody else would ever add it again.
                self._queue.retry(key)
                return "lost"
            if refusal.answer(error).is_terminating:
                return "terminating"  # Kubernetes deletes the Job with its namespace.
            log.info("%s; trying again", error, extra={"job": "/".join(key)})
        except Exception:
            log.exception("reconcile failed", extra={"job": "/".join(key)})
        else:
            if not acted:  # Otherwise the actions decide whether there is a back-off.
                self._queue.forget(key)
            return "success"
        self._queue.retry(key)
        return "error"

    async def reconcile(self, key: Key) -> bool:
        """Reconcile one Job. Returns whether actions on pods were started. Raises ``ApiError``."""
        with writing_for(key):
            return await self._reconcile(key)

    async def _reconcile(self, key: Key) -> bool:
        entry = self._store.entries.get(key)
        if entry is None:
            return False
        await self._left_alone.say(entry)
        if entry.unreadable is not None or entry.job is None:
            self.pods.coordinators.want(entry, None)
        if entry.unreadable is not None:
            return False
        if entry.job is None:
            await self._without_job(entry)
            return False
        entry.live = ""
        want(self._store, entry.job.spec)
        await self._look_around(entry)
        impossible: plan.Write | None = None
        for _ in range(MAX_WRITES):
            self._queue.step(key)
            now = self._clock()
            seen = entry.observed(now, self._store.foreign_names(entry), self._brake)
            found = self._decide(seen, now)
            entry.illegal = refusal.log_illegal(key, entry.illegal, found.illegal)
            if is_to_be_read(entry.existence, seen, found):
                if not await self._is_there(entry) or not self._is_readable(entry):
                    return False
                continue
            if found.write is None:
                break
            if await self.reports.through(key):
                # They have changed the objects that this write is about.
                if not self._is_readable(entry):
                    return False
                continue
            step = self._intent.perform(entry, found.write, seen)
            try:
                if not await self._granted(entry, found.write, step):
                    continue
            except (Conflict, NotFound) as error:
                if not self._is_readable(entry):
                    return False
                if isinstance(error, NotFound):
                    if not await self._is_there(entry):
                        return False
                    if found.write == impossible:
                        raise  # Its namespace is gone, and the Job was left over: back off.
                    impossible = found.write
                continue
            self._queue.forget(key)  # A write succeeded, so the back-off starts anew.
            self._events.after(entry, found.write)
            if not self._is_readable(entry):
                return False
        else:
            raise RuntimeError(f"more than {MAX_WRITES} writes in a row; the last: {found.write}")
        self.pods.act(entry, found.actions)
        self.pods.coordinators.want(entry, found.question)
        if found.held is not None:
            entry.forget_refused(found.held)
        for note in surplus(found.actions, seen.job):
            self._events.warn(entry, "SurplusPod", note)
        self.gates.act(entry, found.asks)
        self.reports.start(entry, found.reports, seen, now)
        if found.wake_at is not None:
            self._at(key, found.wake_at)
        return bool(found.actions)

    def _is_readable(self, entry: Entry) -> bool:
        """Whether the Job that the entry is about can still be decided. After each answer that was
        waited for, it may be gone."""
        there = self._store.entries.get(entry.key) is entry and entry.unreadable is None
        return there and entry.job is not None

    async def _is_there(self, entry: Entry) -> bool:
        """Whether the Job still exists. If its namespace is gone, a create for it raises
        ``NotFound`` even before the watch reports the end of the Job."""
        try:
            await self._intent.read_job(entry)
        except NotFound:
            return False
        return True

    async def _report(self, entry: Entry, report: plan.Write, seen: Observed) -> bool:
        return await self._granted(entry, report, self._intent.perform(entry, report, seen))

    async def _without_job(self, entry: Entry) -> None:
        updates = {n: u.update for n, u in entry.updates.items() if u.update is not None}
        now = self._clock()
        writes = missing.decide(updates.values(), now)
        if writes and await self._is_there(entry):
            return  # A list lacked the Job, which now is in the store again.
        for write in writes:
            if (held := entry.refused_writes.get(plan.subject(write))) and held.until > now:
                self._at(entry.key, held.until)
                continue
            step = self._intent.write_update(entry, write, updates[write.name])
            if await self._granted(entry, write, step):
                self._events.after(entry, write)
            else:
                self._queue.add(entry.key)

    async def _granted(self, entry: Entry, write: plan.Write, step: Awaitable[None]) -> bool:
        """Perform a write. Returns False if the API server refuses this write; the refusal is kept
        until the write succeeds. Raises all other errors."""
        try:
            await step
        except ApiError as error:
            if not self._refused(entry, write, error):
                raise
            return False
        entry.refused_writes.pop(plan.subject(write), None)
        return True

    def _refused(self, entry: Entry, write: plan.Write, error: ApiError) -> bool:
        """Record the refusal of a write, and report it if its message is new. Returns False if the
        error is not about this write."""
        what = plan.subject(write)
        if not what or not refusal.answer(error).stops_one_write:
            return False
        before = entry.refused_writes.get(what)
        found = judgement.refused_write(refusal.answer(error), before, self._clock())
        entry.refused_writes[what] = found
        if before is None or before.message != found.message:
            note, action = refused_writes.words((what, found)), type(write).__name__
            self._events.warn(entry, found.reason, note, action)
            log.warning("%s", note, extra={"job": "/".join(entry.key)})
        return True

    async def _look_around(self, entry: Entry) -> None:
        again = await look_around(self._client, self._store, entry, self._clock())
        if again is not None:
            self._at(entry.key, again)
        if entry.job is not None and entry.job.spec.has_runs:
            return  # Its pods belong to its runs.
        for note in entry.apart.news(entry.key[1]):
            self._events.warn(entry, "ForeignPod", note)

    def _settled(self, key: Key, ok: bool) -> None:
        """An action on a pod or a gate has ended: handle the key again, after a failure with a
        back-off."""
        if ok:
            self._queue.forget(key)
            self._queue.add(key)
        elif key not in self._failing:
            self._failing.add(key)
            self._queue.retry(key)

    def _at(self, key: Key, moment: float) -> None:
        self._queue.add_after(key, max(0.0, moment - self._clock()) + LATE)
