"""What a command does once it has started an Update: watch it, wait for its end, or leave it."""

from __future__ import annotations

from contextlib import aclosing
from enum import Enum
from typing import Annotated, Final

import typer

from controller.api.kinds import UPDATES
from controller.api.progress import Phase
from controller.api.update import Update
from controller.cli.ends import of_phase
from controller.cli.exits import CliError, Exit
from controller.cli.follow import follow
from controller.cli.objects import as_update
from controller.cli.output import console, is_screen, note
from controller.cli.session import Object, Session
from controller.escapes import clean
from controller.view import advice
from controller.view.updates import is_over

#: Seconds in which the operator rejects an Update that it does not take.
_SETTLES: Final = 5.0

WatchFlag = Annotated[bool, typer.Option("--watch", help="Follow the Update live.")]
WaitFlag = Annotated[
    bool, typer.Option("--wait", help="Wait for its end, with a line per change of phase.")
]
DetachFlag = Annotated[bool, typer.Option("--detach", help="Return when it is started.")]


class After(Enum):
    """What comes after the start."""

    WATCH = "watch"
    WAIT = "wait"
    DETACH = "detach"


def after_of(*, watch: bool, wait: bool, detach: bool, default: After) -> After:
    """What the flags say. Raises ``CliError`` if they say several things."""
    given = [
        each
        for each, flag in ((After.WATCH, watch), (After.WAIT, wait), (After.DETACH, detach))
        if flag
    ]
    if len(given) > 1:
        flags = " and ".join(f"--{each.value}" for each in given)
        raise CliError(f"{flags} exclude each other", code=Exit.USAGE)
    return given[0] if given else default


def check_free(job: Object) -> None:
    """Raises ``CliError`` if an Update of the Job is active, or if the Job has runs: the operator
    would reject another one, and that would stay as an object that nobody needs."""
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    kind = job["spec"].get("type", "Service")
    if kind != "Service":
        again = "cron start" if kind == "Cron" else "job retry"
        raise CliError(
            f"Job {name} is of type {kind}: it has runs instead of Updates",
            f"`echelon {again} {name} -n {namespace}` runs it again",
            Exit.USAGE,
        )
    held = (job.get("status") or {}).get("activeUpdate")
    if held:
        raise CliError(
            f"Update {held['name']} of Job {name} is active: only one can be",
            f"`echelon update wait {held['name']} -n {namespace}` waits for its end, "
            f"`echelon update abort {held['name']} -n {namespace}` ends it",
            Exit.REJECTED,
        )


async def follow_up(
    session: Session,
    name: str,
    after: After,
    seconds: float | None = None,
    *,
    exit_on_pause: bool = False,
) -> Exit:
    """Follow the Update as ``after`` says. Returns the exit code. ``seconds``: how long at
    most."""
    # The live view needs most of the program; these commands often end before it.
    if after is After.WATCH:
        from controller.cli.update.watch import watched

        if is_screen(console()):
            print(flush=True)  # an empty line above the picture
        return await watched(session, name, timeout=seconds, exit_on_pause=exit_on_pause)
    if after is After.WAIT:
        from controller.cli.update.wait import until
        from controller.cli.update.wish import ENDED, wish

        wished = wish(ENDED, exit_on_pause=exit_on_pause)
        return await until(session, await session.update(name), wished, seconds)
    return await _settled(session, name)


async def _settled(session: Session, name: str) -> Exit:
    """Wait a moment for a rejection, which nobody would see otherwise."""
    update: Update | None = None
    try:
        async with aclosing(follow(session, UPDATES, name, _SETTLES)) as versions:
            async for raw in versions:
                update = as_update(raw)
                if update.status.phase is not Phase.PENDING:
                    break
    except CliError as error:
        if error.code is not Exit.TIMEOUT:
            raise
    back = f"follow it with `echelon update watch {name} -n {session.namespace}`"
    if update is None:
        note(f"the API server has not told in {_SETTLES:g}s what became of Update {name}; {back}")
        return Exit.DONE
    status = update.status
    if is_over(update):
        words = clean(f"{status.phase}: {status.message}".rstrip(": "))
        if status.phase in (Phase.ROLLED_FORWARD, Phase.PLANNED):
            note(f"Update {name} is {words}")
            return Exit.DONE
        hint = "; ".join(f"`{line.partition('    #')[0]}`" for line in advice.of_update(update))
        raise CliError(f"Update {name} is {words}", hint, of_phase(status.phase))
    if status.phase is Phase.PENDING:
        why = clean(status.message) or "no operator has looked at it yet"
        note(f"Update {name} is Pending: {why}")
    elif status.message and status.phase is not Phase.ROLLING_FORWARD:
        note(f"Update {name} is {status.phase}: {clean(status.message)}")
    note(back)
    return Exit.DONE


class Started:
    """What a command has started so far, for its farewell."""

    def __init__(self) -> None:
        #: The name of the Update; "": there is none yet, or it is not known.
        self.update = ""
        self._written = ""
        self._shown_by = ""
        self._in_flight = False

    def writing(self, written: str, shown_by: str) -> None:
        """A request is about to be sent. ``written``: what is true after it, such as ``Job web is
        changed``; ``shown_by``: the command that shows it."""
        self._written, self._shown_by, self._in_flight = written, shown_by, True

    def creating(self, job: str) -> None:
        """The request that creates an Update of ``job`` is about to be sent."""
        self.writing(f"an Update of Job {job} is created", f"echelon update list {job}")

    def wrote(self) -> None:
        """The request was answered."""
        self._in_flight = False

    def farewell(self) -> str:
        """The hint when Ctrl-C ends the command: how to come back."""
        if self.update:
            return f"the Update goes on; `echelon update watch {self.update}` shows it again"
        if not self._written:
            return "no Update was started"
        if self._in_flight:
            return f"perhaps {self._written}: no answer came yet; `{self._shown_by}` tells"
        return f"{self._written} and goes on; `{self._shown_by}` shows it"
