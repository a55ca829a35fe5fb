"""The output of the demo: a live picture on a terminal, or plain lines for a log.

`make_screen` chooses one of the two; both have the same methods.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from hack.demo.scene import Scene
from hack.demo.view import View, fitting

#: Returns the present scene, or None if there is no Job yet.
Look = Callable[[], Scene | None]
#: Waits for the next change, for a moment at most. Returns True when the act is over. May raise.
Step = Callable[[], bool]


class Screen(Protocol):
    """Prints what the demo reports, in the order of the calls."""

    def heading(self, text: str) -> None: ...
    def say(self, text: str) -> None: ...
    def command(self, text: str) -> None: ...
    def output(self, text: str) -> None: ...
    def check(self, ok: bool, text: str, seconds: float | None = None) -> None: ...
    def step(self, text: str) -> AbstractContextManager[None]: ...
    def follow(self, look: Look, step: Step, before: str) -> None:
        """Show the scenes of ``look`` until ``step`` returns True. ``before`` is the image that ran
        before the update."""


class Terminal:
    """Colours, a spinner for steps that take time, and a live picture."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._view = View()

    @property
    def _width(self) -> int:
        return fitting(self._console.width)

    def heading(self, text: str) -> None:
        rule = "─" * max(0, self._width - len(text) - 4)
        line = Text.assemble(("── ", "bright_black"), (text, "bold"), (f" {rule}", "bright_black"))
        self._console.print("", line, sep="\n")

    def say(self, text: str) -> None:
        self._console.print(Text(text, "dim"))

    def command(self, text: str) -> None:
        line = Text.assemble(("$ ", "bold green"), (text, "bold"))
        self._console.print(line, soft_wrap=True)  # one line, so that it can be copied

    def output(self, text: str) -> None:
        # Unchanged: the terminal wraps long lines.
        self._console.print(Text(text.rstrip("\n")), soft_wrap=True)

    def check(self, ok: bool, text: str, seconds: float | None = None) -> None:
        mark = ("✓ ", "bold green") if ok else ("✗ ", "bold red")
        line = Text.assemble(mark, text)
        if seconds is not None:
            line.append(f"  {seconds:.1f} s", "dim")
        self._console.print(line)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        begun = time.monotonic()
        with self._console.status(text, spinner="dots"):
            yield
        self.check(True, text, time.monotonic() - begun)

    def follow(self, look: Look, step: Step, before: str) -> None:
        begun = time.monotonic()

        def picture(scene: Scene) -> RenderableType:
            return self._view.render(scene, before, time.monotonic() - begun, self._width)

        with Live(console=self._console, auto_refresh=False, transient=False) as live:
            over = False
            while not over:
                over = step()
                if (scene := look()) is not None:
                    live.update(picture(scene), refresh=True)


class Plain:
    """One line per change, without control codes."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def heading(self, text: str) -> None:
        print(f"\n== {text}", flush=True)

    def say(self, text: str) -> None:
        print(text, flush=True)

    def command(self, text: str) -> None:
        print(f"$ {text}", flush=True)

    def output(self, text: str) -> None:
        print(text.rstrip("\n"), flush=True)

    def check(self, ok: bool, text: str, seconds: float | None = None) -> None:
        taken = "" if seconds is None else f"  {seconds:.1f} s"
        print(f"{'ok  ' if ok else 'FAIL'} {text}{taken}", flush=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.check(True, text, time.monotonic() - begun)

    def follow(self, look: Look, step: Step, before: str) -> None:  # noqa: ARG002
        begun, last, over = time.monotonic(), "", False
        while not over:
            over = step()
            line = describe(scene) if (scene := look()) else ""
            if line != last:
                print(f"{time.monotonic() - begun:5.1f} s  {line}", flush=True)
                last = line


def describe(scene: Scene) -> str:
    """A scene as one line."""
    words = [scene.phase]
    if scene.update:
        words.insert(0, scene.update)
    if scene.batch:
        words.append(f"batch {scene.batch_number} ({scene.batch})")
    progress = f"{scene.done} of {scene.total} {scene.counted}"
    words.append(progress)
    # The message often begins with the same progress.
    rest = scene.message.removeprefix(f"{scene.done} of {scene.total} instances {scene.counted}")
    if rest := rest.lstrip("; "):
        words.append(rest)
    return "  ".join(words)


def make_screen(plain: bool) -> Screen:
    """Plain if ``plain`` is True or the output is no terminal or a dumb one, else Terminal."""
    if plain or not sys.stdout.isatty() or Console().is_dumb_terminal:
        return Plain()
    return Terminal()
