"""Prints logs of pods: which container, and what is written before each line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from rich.color import ColorSystem
from rich.style import Style

from controller.cli.exits import CliError, Exit
from controller.cli.explained import explained
from controller.cli.output import console, note
from controller.cli.printable import coloured
from controller.cli.session import Object, Session
from controller.escapes import clean
from controller.kube.errors import ApiError, BadRequest, NotFound
from controller.kube.log_stream import Line, Stamp, lines
from controller.kube.resources import PODS
from controller.view.instances import Instance

#: The annotation by which a pod names its container, as kubectl reads it.
_DEFAULT: Final = "kubectl.kubernetes.io/default-container"
#: Neighbouring instances differ in colour; red is left for what is wrong.
_COLOURS: Final = ("cyan", "green", "yellow", "magenta", "blue")
_BRIGHT: Final = tuple(f"bright_{colour}" for colour in _COLOURS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of each log. ``tail``: lines, None: as many as are usual, -1: all."""

    container: str | None = None
    previous: bool = False
    tail: int | None = None
    since: int | None = None

    def with_tail(self, usual: int | None) -> Wanted:
        """With the usual number of lines if none is given. -1 is then None: no bound."""
        # Who says since when wants all lines since then.
        usual = None if self.since is not None else usual
        tail = usual if self.tail is None else self.tail if self.tail >= 0 else None
        return replace(self, tail=tail)


class Printer:
    """Writes lines to stdout: as they are, but for what would steer a terminal."""

    def __init__(self, job: str, *, timestamps: bool = False, prefix: bool = True) -> None:
        self.job = job
        self._timestamps = timestamps
        self._prefix = prefix
        self._is_terminal = sys.stdout.isatty()
        out = console()
        self._coloured = out.color_system is not None and not out.no_color
        self._told: set[str] = set()

    def line(self, instance: int, pod: str, line: Line) -> None:
        time = f"{_time(line.stamp)} " if self._timestamps and line.stamp else ""
        head = f"{self._head(instance, pod)}{time}".encode()
        text = line.text
        if self._is_terminal:
            # The terminal shows a byte that is no UTF-8 as this sign, too.
            text = coloured(text.decode(errors="replace")).encode()
        sys.stdout.buffer.write(head + text + b"\n")
        # Line by line, also into a pipe: who follows wants to see them.
        sys.stdout.buffer.flush()

    def once(self, text: str) -> None:
        """Tell a person something, but not twice."""
        if text not in self._told:
            self._told.add(text)
            note(text)

    def _head(self, instance: int, pod: str) -> str:
        if not self._prefix:
            return ""
        name = f"{self.job}/{instance}"
        # During a surge an instance has two pods.
        label = f"[{name} {pod}]" if pod.endswith(f"-{instance}-s") else f"[{name}]"
        if not self._coloured:
            return f"{label} "
        colours = (*_COLOURS, *_BRIGHT)
        style = Style(color=colours[instance % len(colours)])
        return f"{style.render(label, color_system=ColorSystem.STANDARD)} "


def container_of(pod: Object, wanted: str | None, printer: Printer) -> str:
    """The container whose log is read. Raises ``CliError`` if the pod does not have ``wanted``."""
    spec: Object = pod.get("spec") or {}
    names = [each["name"] for each in spec.get("containers") or ()]
    every = [*names, *(each["name"] for each in spec.get("initContainers") or ())]
    every += [each["name"] for each in spec.get("ephemeralContainers") or ()]
    if wanted is not None:
        if wanted not in every:
            raise CliError(
                f"pod {pod['metadata']['name']} has no container {wanted}",
                f"it has {', '.join(every)}",
                Exit.USAGE,
            )
        return wanted
    default = (pod["metadata"].get("annotations") or {}).get(_DEFAULT)
    found = str(default) if default in every else str(names[0])
    if len(every) > 1:
        printer.once(f"container {found} of {', '.join(every)}; -c names another")
    return found


async def printed(
    session: Session,
    rows: Sequence[Instance],
    pods: Iterable[Object],
    wanted: Wanted,
    printer: Printer,
) -> Exit:
    """Print the logs that are there, one instance after another. Returns ERROR if none could be
    read."""
    by_name = {pod["metadata"]["name"]: pod for pod in pods}
    read = 0
    for row in rows:
        if not row.pod:
            note(f"{printer.job}/{row.instance} has no pod")
            continue
        container = container_of(by_name[row.pod], wanted.container, printer)
        try:
            await _one(session, row, container, wanted, printer)
            read += 1
        except (BadRequest, NotFound) as error:
            note(f"{row.pod}: {clean(error.message)}")
        except ApiError as error:
            what = f"{row.pod} (log)"
            raise explained(error, "get", PODS, what, session.namespace, "log") from error
    return Exit.DONE if read or not rows else Exit.ERROR


async def _one(
    session: Session, row: Instance, container: str, wanted: Wanted, printer: Printer
) -> None:
    found = lines(
        session.client,
        session.namespace,
        row.pod,
        container,
        previous=wanted.previous,
        tail=wanted.tail,
        since_seconds=wanted.since,
    )
    async with aclosing(found):
        async for line in found:
            printer.line(row.instance, row.pod, line)


def _time(stamp: Stamp) -> str:
    moment = datetime.fromtimestamp(stamp.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{stamp.nanos:09d}Z"
