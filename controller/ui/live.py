"""Server-sent events: the parts of a page that changed, rendered once for all who look at it.

A topic is a page as those with the same sight see it. It renders when something changed that the
page shows, at most twice per second, and every few seconds for what depends on time alone. A new
stream gets all parts first, so a browser that was away needs no history. A slow browser gets the
newest state of each part, not all of them.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncGenerator, Hashable, Mapping
from typing import Any, Final

from markupsafe import Markup

from controller.ui.access import Viewer
from controller.ui.pages.base import Data, Page
from controller.ui.render import Renderer
from controller.ui.site import Site
from controller.ui.store import Change
from controller.ui.turns import Turns

log = logging.getLogger(__name__)

#: Seconds between two messages of a stream, and how many times longer than a rendering they are at
#: least; seconds between two renderings when nothing changes; between two signs of life.
PAUSE: Final = 0.5
REST: Final = 8
TICK: Final = 5.0
BEAT: Final = 10.0
#: Seconds of a rendering that is long: those wait for each other and do not hold up the others.
LONG: Final = 0.02
#: How many streams there may be, of one user, and of how many different pages of one user.
MAX_STREAMS: Final = 1000
MAX_OF_ONE: Final = 100
MAX_PAGES_OF_ONE: Final = 20

#: What ends a line of an event stream. Text of the cluster must not end one.
_ENDS: Final = re.compile("\r\n|\r|\n")
#: The part that every page has: troubles of the watches.
NOTICE: Final = "notice"


class Inbox:
    """What one stream has not sent yet: the newest rendering of each part."""

    def __init__(self, parts: Mapping[str, bytes], viewer: Viewer) -> None:
        self.viewer = viewer
        self._waiting = dict(parts)
        self._news = asyncio.Event()
        self.closed = False
        if parts:
            self._news.set()

    def put(self, parts: Mapping[str, bytes]) -> None:
        self._waiting.update(parts)
        self._news.set()

    def close(self) -> None:
        self.closed = True
        self._news.set()

    async def take(self, seconds: float) -> bytes:
        """The message with what has changed; empty if nothing has within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return b""
        self._news.clear()
        parts, self._waiting = self._waiting, {}
        return b"".join(parts.values()) + b"\n" if parts else b""


class Topic:
    """One page for all streams with the same sight. ``quick``, ``long``: the turns of renderings
    that are, in common with all topics."""

    def __init__(
        self,
        page: Page,
        sight: Hashable,
        site: Site,
        renderer: Renderer,
        quick: Turns,
        long: Turns,
    ) -> None:
        self.page = page
        self._quick = quick
        self._long = long
        #: Seconds that the last rendering took. The first may be long.
        self._took = float("inf")
        self.inboxes: set[Inbox] = set()
        self._sight = sight
        self._site = site
        self._renderer = renderer
        self._sent: dict[str, bytes] = {}
        self._changed = asyncio.Event()

    def note(self, change: Change) -> None:
        if self.page.concerns(change, self._sight):
            self._changed.set()

    def has(self, user: str) -> bool:
        """Whether this user looks at it."""
        return any(inbox.viewer.name == user for inbox in self.inboxes)

    def join(self, viewer: Viewer) -> Inbox:
        inbox = Inbox(self._sent, viewer)
        self.inboxes.add(inbox)
        return inbox

    async def run(self) -> None:
        """Render and send until nobody listens."""
        while self.inboxes:
            self._changed.clear()
            try:
                found = await self.page.read(self._site, self._sight)
                turns = self._long if self._took > LONG else self._quick
                await turns.take(lambda found=found: self._render(found))  # type: ignore[misc]
            except Exception:
                log.exception("cannot render %s", self.page.path)
            # A page of ten thousand pods takes long: it must not take all turns.
            await asyncio.sleep(max(PAUSE, min(REST * self._took, TICK)))
            try:
                async with asyncio.timeout(TICK):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _render(self, found: Any) -> None:
        if not self.inboxes:
            return
        clock = asyncio.get_running_loop().time
        begun = clock()
        data = self.page.data(self._site, self._sight, found)
        parts = parts_of(self.page, self._sight, data, self._site, self._renderer)
        self._took = clock() - begun
        coded = {name: encoded(name, html) for name, html in parts.items()}
        news = {name: part for name, part in coded.items() if self._sent.get(name) != part}
        self._sent |= coded
        if news:
            for inbox in self.inboxes:
                inbox.put(news)


class Hub:
    """All topics. Listens to the store."""

    def __init__(self, site: Site, renderer: Renderer) -> None:
        self._site = site
        self._renderer = renderer
        self._topics: dict[tuple[Page, Hashable], Topic] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._quick, self._long = Turns(), Turns()
        self._closing = False

    def __call__(self, change: Change) -> None:
        for topic in self._topics.values():
            topic.note(change)

    @property
    def streams(self) -> Counter[str]:
        """How many streams each user has, by his name."""
        return Counter(each.viewer.name for each in self._inboxes())

    def refusal(self, page: Page, sight: Hashable, user: str) -> str:
        """Why this user cannot have a stream of this page now; "" if he can."""
        open_ = self.streams
        if self._closing or open_.total() >= MAX_STREAMS:
            return "There are too many viewers now."
        pages = {key for key, topic in self._topics.items() if topic.has(user)}
        is_one_more = (page, sight) not in pages and len(pages) >= MAX_PAGES_OF_ONE
        if is_one_more or open_[user] >= MAX_OF_ONE:
            return "You have too many pages open. Close some, then reload this one."
        return ""

    def end(self, key: Hashable) -> None:
        """End all streams of viewers with this key."""
        for inbox in self._inboxes():
            if inbox.viewer.key == key:
                inbox.close()

    def _inboxes(self) -> list[Inbox]:
        return [inbox for topic in self._topics.values() for inbox in topic.inboxes]

    async def stream(self, page: Page, sight: Hashable, viewer: Viewer) -> AsyncGenerator[bytes]:
        """The messages of one stream; empty ones where a sign of life is due."""
        key = (page, sight)
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = Topic(
                page, sight, self._site, self._renderer, self._quick, self._long
            )
        inbox = topic.join(viewer)
        if len(topic.inboxes) == 1:
            task = asyncio.create_task(topic.run(), name=f"topic {page.path}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            while not inbox.closed:
                yield await inbox.take(BEAT)
        finally:
            topic.inboxes.discard(inbox)
            if not topic.inboxes and self._topics.get(key) is topic:
                del self._topics[key]

    async def close(self) -> None:
        """End all streams, and open none any more."""
        self._closing = True
        for inbox in self._inboxes():
            inbox.close()
        for task in self._tasks:
            task.cancel()


def parts_of(
    page: Page, sight: Any, data: Data | None, site: Site, renderer: Renderer
) -> dict[str, Markup]:
    """The HTML of all parts of a page, by their ids. Of a page that is no more (``data`` None), the
    notice alone says so."""
    unreadable = site.store.unreadable
    notice = {
        "troubles": site.notices(lambda kind, where: page.sees(kind, where, sight)),
        "note": site.watch.reach.note,
        # How many there are says something about the namespaces where they are.
        "unreadable": sum(page.sees(kind, where, sight) for kind, where, _ in unreadable),
        "is_gone": data is None,
    }
    parts = {NOTICE: renderer.html("notice.html", notice)}
    if data is not None:
        for part in page.parts:
            parts[part] = renderer.html(f"{page.name}/{part}.html", data)
    return parts


def encoded(part: str, html: str) -> bytes:
    """A part as lines of an event: htmx puts it in the place of the element with its id."""
    whole = f'<hx-partial hx-target="#{part}" hx-swap="outerMorph">{html.strip()}</hx-partial>'
    return "".join(f"data: {line}\n" for line in _ENDS.split(whole)).encode()
