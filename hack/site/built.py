"""What is wrong with a site that was built: links that lead nowhere, files from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

#: What a browser loads by itself. Links that a reader follows may lead elsewhere.
LOADED: Final = {
    "audio": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "script": "src",
    "source": "src",
    "video": "src",
}
#: Of `link`: these load nothing.
_NAMES: Final = frozenset({"canonical", "next", "prev"})


@dataclass
class Page(HTMLParser):
    """What one page has: its anchors, its links, and what it loads."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.add(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        name = LOADED.get(tag)
        if name in found and not _NAMES & set(found.get("rel", "").split()):
            self.loaded.append(found[name])


def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def problems(site: Path) -> Iterator[str]:
    """All problems of a site, as ``page: problem``."""
    pages = {path.resolve(): read(path) for path in sorted(site.rglob("*.html"))}
    if not pages:
        yield f"{site}: there is no page"
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        if name.name == "404.html":  # It is served for any path: its links are absolute.
            continue
        for link in [*page.loaded, *page.links]:
            where = urlsplit(link)
            if where.scheme or where.netloc:
                if link in page.loaded and where.scheme != "data":
                    yield f"{name}: {link} is loaded from elsewhere"
                continue
            target = (path.parent / unquote(where.path)).resolve() if where.path else path
            if not target.is_file():
                yield f"{name}: the link to {link} leads nowhere"
            elif where.fragment and target in pages and not _known(where.fragment, pages[target]):
                yield f"{name}: {link} names no heading"


def _known(fragment: str, page: Page) -> bool:
    return unquote(fragment) in page.ids
