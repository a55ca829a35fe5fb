"""One object and each newer version of it, whatever happens to the connection.

A turn is one list of the single object and one watch from there. The list comes first each time,
because the resourceVersion of an object that did not change for minutes is too old for a watch, and
because the list shows what happened while no watch was open.
"""

from __future__ import annotations

import asyncio
import json
import random
import shlex
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final

from controller.api.kinds import JOBS, UPDATES
from controller.api.progress import TERMINAL
from controller.cli import pruned
from controller.cli.exits import CliError, Exit
from controller.cli.explained import explained
from controller.cli.output import note
from controller.cli.session import Object, Session
from controller.kube.errors import (
    ApiError,
    Forbidden,
    Gone,
    NotFound,
    Unauthorized,
    Unreachable,
    from_status,
)
from controller.resource import Resource

#: Seconds between two tries.
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 3.0
#: Seconds for which answers such as 403 are taken for those of an API server that is starting: it
#: does not know its roles and its kinds at once.
STARTING: Final = 30.0
#: A watch that ends within so many seconds, and without an event, counts as failed.
SHORT_WATCH: Final = 1.0

LOST: Final = "the connection to the API server is lost ({}); trying again"
BACK: Final = "the connection to the API server is back"


async def follow(
    session: Session,
    resource: Resource,
    name: str,
    timeout: float | None = None,  # noqa: ASYNC109 - the consumer is not to be cancelled
    *,
    tell: Callable[[str], None] | None = None,
) -> AsyncGenerator[Object]:
    """Yield the present object, then each newer version of it (when many come at once, perhaps only
    the newest). ``timeout``: seconds for all of it. ``tell`` is called once when the connection is
    lost and once when it is back; absent: as notes on stderr.

    Of an Update that ended and was deleted at once, the last version is the one that its Job tells.

    Raises ``CliError``: with code TIMEOUT at the timeout; when the object is deleted; when the
    object cannot be read. A consumer that stops early closes the generator with ``aclosing``.
    """
    stream = _Stream(session, resource, name, tell or note)
    loop = asyncio.get_running_loop()
    deadline = None if timeout is None else loop.time() + timeout
    async with aclosing(stream.versions()) as versions:
        while True:
            try:
                # The time that the consumer needs between two versions must not be cancelled.
                async with asyncio.timeout_at(deadline):
                    found = await anext(versions)
            except TimeoutError:
                raise _timed_out(session, resource, name, timeout or 0.0, stream.last) from None
            yield found


class _DeletedError(CliError):
    """The object is no more."""


class _Stream:
    """The versions of one object. ``last``: the newest version seen."""

    def __init__(
        self, session: Session, resource: Resource, name: str, tell: Callable[[str], None]
    ) -> None:
        self.last: Object | None = None
        self._session = session
        self._resource = resource
        self._name = name
        self._tell = tell
        self._lost = False
        self._pause = FIRST_PAUSE
        #: Time of the monotonic clock of the first of the refusals in a row; None: there are none.
        self._refused_since: float | None = None

    async def versions(self) -> AsyncGenerator[Object]:
        # The first request is not repeated: its error is most likely the user's, such as a name.
        try:
            first = await self._session.get(self._resource, self._name)
        except CliError as error:
            absent = isinstance(error.__cause__, NotFound) and self._resource == UPDATES
            if absent and (end := await pruned.named(self._session, self._name)) is not None:
                yield end
            raise
        self._note_version(first)
        yield first
        try:
            async with aclosing(self._later()) as later:
                async for found in later:
                    yield found
        except _DeletedError:
            if self._resource == UPDATES and self.last is not None:
                end = await pruned.end_of(self._session, self.last)
                if end is not None:
                    yield end
            raise

    async def _later(self) -> AsyncGenerator[Object]:
        """The versions after the first one. Raises ``_DeletedError``, and ``CliError``."""
        while True:
            try:
                async with aclosing(self._turn()) as turn:
                    async for found in turn:
                        yield found
            except ApiError as error:
                await self._failed(error)

    async def _turn(self) -> AsyncGenerator[Object]:
        """The versions until the watch ends. Raises ``ApiError``."""
        found, version = await self._list()
        self._works()
        if self._note_version(found):
            yield found
        begun, lines = time.monotonic(), 0
        watch = self._session.client.watch(
            self._resource,
            self._session.namespace,
            resource_version=version,
            field_selector=self._selector,
            opened=self._works,
        )
        async with aclosing(watch):
            async for line in watch:
                lines += 1
                event: dict[str, Any] = json.loads(line)
                kind, content = event["type"], event["object"]
                if kind == "ERROR":
                    raise from_status(content, int(content.get("code") or 500))
                self._pause = FIRST_PAUSE
                if kind == "DELETED":
                    raise self._deleted()
                if kind != "BOOKMARK" and self._note_version(content):
                    yield content
        if not lines and time.monotonic() - begun < SHORT_WATCH:
            raise Gone(410, "WatchEnded", "the watch ended at once")

    @property
    def _selector(self) -> str:
        return f"metadata.name={self._name}"

    async def _list(self) -> tuple[Object, str]:
        """The object, and the resourceVersion for a watch."""
        client, namespace = self._session.client, self._session.namespace
        raw = await client.list_page(self._resource, namespace, field_selector=self._selector)
        page: dict[str, Any] = json.loads(raw)
        version = str(page["metadata"]["resourceVersion"])
        if items := page.get("items"):
            kind = {"apiVersion": self._resource.api_version, "kind": self._resource.kind}
            return kind | items[0], version
        # A list may be empty because a proxy or a storage is broken: only a 404 is believed.
        return await client.get(self._resource, namespace, self._name), version

    def _note_version(self, found: Object) -> bool:
        """Whether ``found`` is another version than the last one. Raises ``CliError`` if it is
        another object of the same name."""
        old, new = (self.last or found)["metadata"], found["metadata"]
        if old["uid"] != new["uid"]:
            raise self._deleted()
        is_new = self.last is None or old["resourceVersion"] != new["resourceVersion"]
        self.last = found
        return is_new

    def _works(self) -> None:
        self._refused_since = None
        if self._lost:
            self._lost = False
            self._tell(BACK)

    async def _failed(self, error: ApiError) -> None:
        """Wait before the next try. Raises ``CliError`` if a next try is of no use."""
        if isinstance(error, NotFound) and error.details.get("name"):
            raise self._deleted() from error
        if isinstance(error, Forbidden | Unauthorized | NotFound):
            now = time.monotonic()
            self._refused_since = now if self._refused_since is None else self._refused_since
            if now - self._refused_since > STARTING:
                raise self._explained(error) from error
        elif not isinstance(error, Gone) and not self._lost:
            self._lost = True
            words = error.message if isinstance(error, Unreachable) else str(error)
            self._tell(LOST.format(words))
        pause, self._pause = self._pause, min(LONGEST_PAUSE, self._pause * 2)
        await asyncio.sleep(max(pause * random.uniform(0.5, 1.0), error.retry_after or 0.0))

    def _explained(self, error: ApiError) -> CliError:
        return explained(error, "watch", self._resource, self._name, self._session.namespace)

    def _deleted(self) -> _DeletedError:
        what = f"{self._resource.kind} {self._name} was deleted"
        phase = str(((self.last or {}).get("status") or {}).get("phase", ""))
        if self._resource != UPDATES or phase in {str(each) for each in TERMINAL}:
            return _DeletedError(what)
        job = shlex.quote((self.last or {}).get("spec", {}).get("job", ""))
        return _DeletedError(
            f"{what}, which aborts it",
            f"`echelon job status {job} -n {self._session.namespace}` shows what it left",
            Exit.ENDED,
        )


def _timed_out(
    session: Session, resource: Resource, name: str, seconds: float, last: Object | None
) -> CliError:
    words, hint = f"{resource.kind} {name}: {_rounded(seconds)} s have passed", ""
    if resource == JOBS:
        hint = f"`echelon job status {name} -n {session.namespace}` shows what it waits for"
    state = ((last or {}).get("status") or {}).get("phase")
    if resource == UPDATES and last is not None:
        words += f"; it is {state or 'Pending'} and goes on"
        hint = f"`echelon update watch {name} -n {session.namespace}` shows it again"
    return CliError(words, hint, Exit.TIMEOUT)


def _rounded(seconds: float) -> str:
    """What is left of a whole number of seconds is no whole number: ``12`` for 11.9382."""
    return f"{round(seconds, 1):g}" if seconds < 10 else f"{seconds:.0f}"
