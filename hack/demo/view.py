"""A scene as a picture for a terminal: coloured tiles for the instances, a bar, phase and message.

All frames of a Job's picture have the same height, so that the picture does not jump.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from hack.demo.scene import Scene, State, Tile, tag

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAMES_PER_SECOND = 10
_PER_ROW = 6
_FRAME = 6  # columns of border and padding
_MESSAGE_LINES = 2
_MAX_WIDTH = 100

#: Backgrounds of a version's tiles: the first while its pod is Ready, the second while it is not.
#: Each new version gets the next row.
_PALETTE = (
    ("#2f5d9b", "#1d3049"),
    ("#2a7f5b", "#1b3d2f"),
    ("#a8642a", "#4d331c"),
    ("#7d4a99", "#3b2547"),
)
_FAILED = "#b3262e"
_ABSENT = "#2b2b2b"
_TRACK = "#3a3a3a"
_MARK = {
    State.GOOD: "●",
    State.READY: "◐",
    State.STOPPING: "◌",
    State.ABSENT: "·",
    State.FAILED: "✗",
}
_PHASE = {
    "RollingForward": "bold cyan",
    "RolledForward": "bold green",
    "Ready": "bold green",
    "RollingBack": "bold yellow",
    "RolledBack": "bold yellow",
    "Failed": "bold red",
}


def fitting(width: int) -> int:
    """The width of the picture on a terminal of ``width`` columns: all tiles are equally wide."""
    inner = min(width, _MAX_WIDTH) - _FRAME
    return (inner + 1) // _PER_ROW * _PER_ROW - 1 + _FRAME


@dataclass
class View:
    """Draws scenes. It remembers the versions it has shown, so that each keeps its colour."""

    versions: list[str] = field(default_factory=list)

    def render(self, scene: Scene, before: str, elapsed: float, width: int) -> RenderableType:
        """The picture of ``scene``. ``before`` is the image that ran before the update, ``elapsed``
        the seconds since the act began."""
        for tile in scene.tiles:
            if tile.version and tile.version not in self.versions:
                self.versions.append(tile.version)
        across = fitting(width) - _FRAME
        size = (across + 1) // _PER_ROW - 1
        rows = [
            self._row(scene.tiles[start : start + _PER_ROW], size, elapsed)
            for start in range(0, len(scene.tiles), _PER_ROW)
        ]
        return Panel(
            Group(Text(), *rows, _bar(scene, across), Text(), *_words(scene, across)),
            title=_title(scene, before),
            title_align="left",
            subtitle=Text(f" {elapsed:.0f} s ", "dim"),
            subtitle_align="right",
            border_style="bright_black",
            padding=(0, 2),
            width=across + _FRAME,
        )

    def _row(self, tiles: tuple[Tile, ...], size: int, elapsed: float) -> Text:
        """A row of tiles: two lines and an empty one."""
        upper, lower = Text(), Text()
        for tile in tiles:
            frame = int(elapsed * _FRAMES_PER_SECOND) + tile.instance
            mark = _MARK.get(tile.state) or _SPINNER[frame % len(_SPINNER)]
            version = tile.version.partition("-")[0]  # 1.2 for 1.2-never-ready
            style = f"white on {self._background(tile)}"
            number = f" {tile.instance}"
            upper.append(number, f"bold {style}")
            upper.append(
                " ✗" if tile.has_failures else "  ", f"bold #ff8f8f on {self._background(tile)}"
            )
            upper.append(f"{version} ".rjust(size - len(number) - 2), style).append(" ")
            lower.append(f" {mark} {tile.state}".ljust(size), style).append(" ")
        return Text("\n").join((upper, lower, Text()))

    def _background(self, tile: Tile) -> str:
        if tile.state is State.FAILED:
            return _FAILED
        if not tile.version:
            return _ABSENT
        full, dark = _PALETTE[self.versions.index(tile.version) % len(_PALETTE)]
        return full if tile.state in (State.GOOD, State.READY) else dark


def _title(scene: Scene, before: str) -> Text:
    title = Text.assemble(" ", (scene.job, "bold"), "  ")
    if before and before != scene.image:
        title.append(before).append(" → ", "dim").append(tag(scene.image), "bold")
    else:
        title.append(scene.image)
    return title.append(" ")


def _bar(scene: Scene, width: int) -> Text:
    label = f"{scene.done} of {scene.total} {scene.counted}"
    length = width - len("12 of 12 updated") - 2
    done = length * scene.done // max(scene.total, 1)
    full = "green" if scene.done == scene.total else "yellow" if scene.backward else "cyan"
    bar = Text.assemble(("━" * done, full), ("━" * (length - done), _TRACK))
    return bar.append(label.rjust(width - length))


def _words(scene: Scene, width: int) -> list[Text]:
    line = Text(no_wrap=True, overflow="ellipsis")
    if scene.update:
        line.append(f"{scene.update}  ", "bold")
    line.append(scene.phase, _PHASE.get(scene.phase, "bold"))
    if scene.batch:
        line.append(f"   batch {scene.batch_number}: instances {scene.batch}", "dim")
    message = textwrap.wrap(scene.message, width, max_lines=_MESSAGE_LINES, placeholder=" …")
    message += [""] * (_MESSAGE_LINES - len(message))
    return [line, Text("\n".join(message), "default")]
