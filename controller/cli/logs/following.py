"""Follows the logs of instances, whatever becomes of their pods."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

from controller.api.kinds import JOBS
from controller.api.labels import INSTANCE, JOB
from controller.api.meta import parse_time
from controller.api.pods.pod import slot_of
from controller.cli.explained import explained
from controller.cli.follow import BACK, LOST, follow
from controller.cli.keys import JobKey
from controller.cli.live.sources import Feed
from controller.cli.logs.reading import Printer, Wanted, container_of
from controller.cli.output import note
from controller.cli.session import Object, Session
from controller.escapes import clean
from controller.kube.errors import ApiError, BadRequest, Forbidden, NotFound, Unreachable
from controller.kube.log_stream import Stamp, lines
from controller.kube.resources import PODS
from controller.view.instances import Instance

#: Each takes a connection.
MOST_FOLLOWED: Final = 64
#: Seconds between two tries to read a log that has ended or not begun.
_PAUSE: Final = 1.0
#: A connection that breaks after more seconds was only silent.
_SILENT: Final = 60.0


async def followed(
    session: Session, asked: JobKey, rows: Sequence[Instance], wanted: Wanted, printer: Printer
) -> None:
    """Print the logs as they come. Raises ``CliError`` when the Job is deleted, and when a log
    cannot be read; nothing else ends it."""
    for row in rows:
        if not row.pod:
            note(f"{asked.name}/{row.instance} has no pod; its log comes when it has one")
    following = _Following(session, asked, wanted, printer)
    ends = asyncio.create_task(_until_deleted(session, asked.name))
    try:
        await asyncio.wait({ends, following.failed}, return_when=asyncio.FIRST_COMPLETED)
        await (following.failed if following.failed.done() else ends)
    finally:
        ends.cancel()
        await asyncio.gather(ends, return_exceptions=True)
        await following.close()


async def _until_deleted(session: Session, name: str) -> None:
    """Raises ``CliError`` when the Job is deleted."""
    async with aclosing(follow(session, JOBS, name)) as versions:
        async for _ in versions:
            pass


class _Following:
    """One task per pod. ``failed``: the first error after which nothing can be read."""

    def __init__(self, session: Session, asked: JobKey, wanted: Wanted, printer: Printer) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._session = session
        self._job = asked.name
        self._wanted = wanted
        self._printer = printer
        self._begun = time.time()
        #: uid of each pod whose log was begun -> its task.
        self._tasks: dict[str, asyncio.Task[None]] = {}
        selector = f"{JOB}={asked.name}"
        if asked.instances is not None:
            selector += f",{INSTANCE} in ({','.join(map(str, asked.instances))})"
        self._feed = Feed(session, PODS, self._changed, label_selector=selector)

    async def close(self) -> None:
        await self._feed.close()
        for task in self._tasks.values():
            task.cancel()
        # An error that nobody has awaited would be reported as forgotten.
        self.failed.cancel()
        await asyncio.gather(*self._tasks.values(), self.failed, return_exceptions=True)

    def _changed(self) -> None:
        there = {pod["metadata"]["uid"]: pod for pod in self._feed.objects.values()}
        for uid in [u for u, task in self._tasks.items() if u not in there and task.done()]:
            del self._tasks[uid]
        for uid in there.keys() - self._tasks.keys():
            self._tasks[uid] = asyncio.create_task(self._follow(there[uid]))

    async def _follow(self, pod: Object) -> None:
        """Print the log of one pod until the pod is gone."""
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        slot = slot_of(self._job, name)
        if slot is None:
            return

        def is_there() -> bool:
            now = self._feed.objects.get(name)
            return now is not None and now["metadata"]["uid"] == uid

        try:
            container = container_of(pod, self._wanted.container, self._printer)
            # What was written before this command is bounded; a pod that comes later is new.
            is_new = parse_time(pod["metadata"]["creationTimestamp"]) > self._begun
            wanted = Wanted() if is_new else self._wanted
            log = _PodLog(self._session, slot[0], name, container, wanted, self._printer)
            await log.follow(is_there)
        except Exception as error:
            if isinstance(error, ApiError):
                what = f"{name} (log)"
                error = explained(error, "get", PODS, what, self._session.namespace, "log")
            if not self.failed.done():
                self.failed.set_exception(error)
            return
        note(f"{self._job}/{slot[0]}: pod {name} is gone")


class _PodLog:
    """The log of one container of one pod, over the ends of connections and containers."""

    def __init__(
        self,
        session: Session,
        instance: int,
        pod: str,
        container: str,
        wanted: Wanted,
        printer: Printer,
    ) -> None:
        self._session = session
        self._instance = instance
        self._pod = pod
        self._container = container
        self._wanted = wanted
        self._printer = printer
        #: When the newest line that was printed was written.
        self._last: Stamp | None = None
        self._lost = False

    async def follow(self, is_there: Callable[[], bool]) -> None:
        """Print until the pod is gone. Raises ``ApiError`` if its log may not be read."""
        while is_there():
            started = time.monotonic()
            try:
                await self._read()
                # From here on everything is new, also if nothing was written yet.
                self._wanted = Wanted()
            except NotFound:
                return
            except BadRequest:
                pass  # The container has not started yet.
            except Forbidden:
                raise
            except Unreachable as error:
                if time.monotonic() - started < _SILENT and not self._lost:
                    self._lost = True
                    note(LOST.format(error.message))
            except ApiError as error:
                # Such as a kubelet that does not answer.
                self._printer.once(f"{self._pod}: {clean(error.message)}")
            if is_there():
                await asyncio.sleep(_PAUSE)

    async def _read(self) -> None:
        found = lines(
            self._session.client,
            self._session.namespace,
            self._pod,
            self._container,
            follow=True,
            tail=None if self._last else self._wanted.tail,
            since_seconds=None if self._last else self._wanted.since,
            after=self._last,
        )
        async with aclosing(found):
            async for line in found:
                if self._lost:
                    self._lost = False
                    note(BACK)
                self._last = line.stamp or self._last
                self._printer.line(self._instance, self._pod, line)
