"""A terminal of tmux in which a person seems to type, and what it shows meanwhile."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final

from hack.pictures.svg import Moment

ROOT: Final = Path(__file__).resolve().parents[2]
COLUMNS: Final = 100
LINES: Final = 40
#: Seconds: how long a text may take to appear, and the shortest and the longest time that a moment
#: of a film stays.
PATIENCE: Final = 120.0
SHORTEST: Final = 0.4
LONGEST: Final = 1.5
#: So long stays the last one.
LAST: Final = 5.0
_POLL: Final = 0.15
PROMPT: Final = "$ "
_STYLE: Final = re.compile(r"\x1b\[[0-9;]*m")


def film(noted: Sequence[tuple[float, tuple[str, ...]]]) -> list[Moment]:
    """What was noted at which second, without moments that are too short to see; nothing stays
    longer than LONGEST, but the last."""
    kept: list[Moment] = []
    since = noted[0][0]
    for (_, lines), (until, _) in pairwise(noted):
        if until - since >= SHORTEST:
            kept.append(Moment(lines, min(until - since, LONGEST)))
            since = until
    return [*kept, Moment(noted[-1][1], LAST)]


class TerminalError(Exception):
    """A text did not appear. The message shows what the terminal shows instead."""


class Terminal:
    """A fresh shell with ``echelon`` on its PATH, in a folder. It ends with the block."""

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        self._folder = folder
        self._kubeconfig = kubeconfig
        self._socket = folder / "tmux"
        self._begun = 0.0
        self._moments: list[tuple[float, tuple[str, ...]]] = []

    def __enter__(self) -> Terminal:
        programs = self._folder / "bin"
        programs.mkdir(exist_ok=True)
        echelon = programs / "echelon"
        python = f"exec {shlex.quote(sys.executable)} -m controller.cli"
        echelon.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} {python} "$@"\n')
        echelon.chmod(0o755)
        places = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])
        environ = {"KUBECONFIG": str(self._kubeconfig), "PATH": places, "PS1": PROMPT}
        shell = ["env", *(f"{name}={value}" for name, value in environ.items())]
        shell += ["bash", "--noprofile", "--norc"]
        size = ["-x", str(COLUMNS), "-y", str(LINES)]
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", str(self._folder), *shell)
        self.wait(PROMPT.strip())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tmux("kill-server")

    def film(self, command: str, until: Callable[[str], bool], answer: str = "") -> list[Moment]:
        """Type a command, and an answer when it asks. Returns what was seen until ``until``, given
        the text on the terminal, is true, and the prompt is back."""
        self._tmux("send-keys", "-l", command)
        self.wait(command)
        self._begun = time.monotonic()
        self._moments = [(0.0, self._moments[-1][1])]
        self._tmux("send-keys", "Enter")
        if answer:
            self._wait_for(lambda text: text.rstrip().endswith("[y/N]"), "a question")
            self._tmux("send-keys", "-l", answer)
            self._note()
            self._tmux("send-keys", "Enter")
        self._wait_for(lambda text: until(text) and text.endswith(f"\n{PROMPT.strip()}"), "the end")
        return film(self._moments)

    def wait(self, text: str) -> None:
        """Wait until a text is on the terminal."""
        self._wait_for(lambda shown: text in shown, text)

    def _wait_for(self, over: Callable[[str], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not over(text := self._note()):
            if time.monotonic() > end:
                raise TerminalError(f"timed out waiting for {what}; the terminal shows:\n{text}")
            time.sleep(_POLL)

    def _note(self) -> str:
        """Remember what the terminal shows, with all lines that have scrolled away. Returns it as
        plain text."""
        lines = tuple(self._tmux("capture-pane", "-p", "-e", "-S", "-").rstrip("\n").split("\n"))
        now = time.monotonic() - self._begun
        if not self._moments or self._moments[-1][1] != lines:
            self._moments.append((now, lines))
        return "\n".join(_STYLE.sub("", line).rstrip() for line in lines)

    def _tmux(self, *args: str) -> str:
        command = ["tmux", "-S", str(self._socket), *args]
        environ = os.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        return done.stdout
