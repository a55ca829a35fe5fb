"""HTML from templates. Everything that comes from the cluster is escaped by Jinja."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from controller.api.ids import Ids
from controller.escapes import readable
from controller.ui import marks
from controller.view import words
from controller.view.history import actor

_HERE: Final = Path(__file__).parent
#: Digits of a revision's digest that are shown where the whole name would be too long.
_SHORT: Final = 8


class Renderer:
    """Templates and static files. ``version`` changes when one of them does."""

    def __init__(self) -> None:
        self.static = dict(_static(_HERE / "static"))
        self.version = _digest(self.static, _HERE / "templates")
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            finalize=_finalize,
        )
        self._templates.globals.update(
            asset=lambda name: f"/static/{self.version}/{name}",
            version=self.version,
            of_entry=marks.of_entry,
            of_outcome=marks.of_outcome,
            of_row=marks.of_row,
            of_run=marks.of_run,
            plural=words.plural,
        )
        self._templates.filters.update(
            age=words.age,
            clock=clock,
            duration=duration,
            iso=iso,
            short=short,
            ids=ids,
            ticks=ticks,
            command=command,
            actor=actor,
            number=number,
        )

    def html(self, template: str, data: Mapping[str, Any]) -> Markup:
        """The HTML of a template, safe to be put into another."""
        return Markup(self._templates.get_template(template).render(data))


def _finalize(value: Any) -> Any:
    """What a template writes for a value. Logs have colours of terminals, and messages may have
    worse; Markup is made of what was written before."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return readable(value) if is_text else value


def iso(time: float) -> str:
    """Epoch seconds for the attribute ``datetime``."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(time: float) -> str:
    """Epoch seconds for people, before the script of the page writes an age or a local time."""
    return datetime.fromtimestamp(time, UTC).strftime("%d %b %H:%M:%S UTC")


def duration(seconds: float) -> str:
    """Seconds as a flag of kubectl takes them: it knows hours and no days."""
    whole = int(seconds)
    return f"{whole}s" if whole % 3600 else f"{whole // 3600}h"


def short(revision: str, job: str = "") -> str:
    """The first digits of a revision's digest."""
    name = revision.removeprefix(f"{job}-") if job else revision.rpartition("-")[2]
    return name[:_SHORT]


def ids(found: Ids | str, length: int = 60) -> str:
    """A range string that is cut if it is too long."""
    whole = str(found)
    return whole if len(whole) <= length else whole[:length].rpartition(",")[0] + ",…"


def number(value: float) -> str:
    """A number of a gate, with as many digits as matter."""
    return f"{value:.4g}"


def ticks(text: str) -> Markup:
    """A sentence in which commands stand between backticks."""
    found = Markup()
    for i, part in enumerate(readable(text).split("`")):
        found += Markup("<code>%s</code>") % part if i % 2 else escape(part)
    return found


def command(advice: str) -> tuple[str, str]:
    """``command    # what it does`` as its two parts."""
    line, _, comment = advice.partition("    # ")
    return line.strip(), comment


def _static(folder: Path) -> list[tuple[str, tuple[str, bytes]]]:
    """Name -> content type and bytes of each static file."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".js", ".css", ".svg"):
            kind = mimetypes.types_map.get(path.suffix, "application/octet-stream")
            found.append((path.relative_to(folder).as_posix(), (kind, path.read_bytes())))
    return found


def _digest(static: Mapping[str, tuple[str, bytes]], templates: Path) -> str:
    whole = hashlib.sha256()
    for _, content in static.values():
        whole.update(content)
    for path in sorted(templates.rglob("*.html")):
        whole.update(path.read_bytes())
    return whole.hexdigest()[:12]
