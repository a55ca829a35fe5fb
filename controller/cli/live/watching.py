"""Watches an Update to its end: as a live picture on a terminal, else line by line."""

from __future__ import annotations

import time
from contextlib import aclosing

from rich.console import Console

from controller.api.kinds import UPDATES
from controller.api.update import Update
from controller.cli import output
from controller.cli.exits import Exit
from controller.cli.follow import follow
from controller.cli.live.frame import frame
from controller.cli.live.gather import Gathering
from controller.cli.live.lines import Lines
from controller.cli.live.outcome import exit_of, outcome
from controller.cli.live.screen import Screen
from controller.cli.objects import as_update
from controller.cli.patience import unseen, with_note
from controller.cli.session import Session


async def watched(
    session: Session,
    name: str,
    *,
    timeout: float | None = None,  # noqa: ASYNC109 - the picture is not to be cut in the middle
    exit_on_pause: bool = False,
) -> Exit:
    """Show the Update ``name`` until it has ended, then how it ended and what to do next. Returns
    the exit code. ``timeout``: seconds. Raises ``CliError`` as ``follow`` does, with the last
    picture on the terminal."""
    out = output.console()
    if output.is_screen(out):
        return await _picture(session, name, timeout, exit_on_pause, out)
    return await _lines(session, name, timeout, exit_on_pause)


async def _picture(
    session: Session, name: str, seconds: float | None, exit_on_pause: bool, out: Console
) -> Exit:
    gathering = Gathering(session, name, seconds)
    with Screen(out) as screen:
        async with aclosing(gathering.snapshots()) as snapshots:
            async for snapshot in snapshots:
                code = exit_of(snapshot.update, exit_on_pause=exit_on_pause)
                screen.draw(frame(snapshot, *screen.size, final=code is not None))
                if code is not None:
                    out.print()
                    result, *commands = outcome(snapshot.update, snapshot.now)
                    out.print(screen.fit(result), soft_wrap=False)
                    for command in commands:  # not wrapped, so that it can be copied
                        out.print(screen.fit(command))
                    return code
    raise AssertionError("the snapshots end with the Update")


async def _lines(session: Session, name: str, seconds: float | None, exit_on_pause: bool) -> Exit:
    lines = Lines()
    async with aclosing(with_note(follow(session, UPDATES, name, seconds), unseen)) as versions:
        async for raw in versions:
            update, now = as_update(raw), time.time()
            for line in lines.new(update, now):
                output.say(line)
            code = exit_of(update, exit_on_pause=exit_on_pause)
            if code is not None:
                _print_outcome(update, now)
                return code
    raise AssertionError("an Update is followed until it has ended")


def _print_outcome(update: Update, now: float) -> None:
    result, *commands = outcome(update, now)
    output.say(result.plain)
    for command in commands:
        output.note(command.plain)
