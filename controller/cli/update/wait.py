"""``echelon update wait``."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import Annotated, Any, Final

import typer

from controller.api.kinds import UPDATES
from controller.api.progress import Phase
from controller.api.update import Update
from controller.cli import arguments, options
from controller.cli.exits import CliError, Exit
from controller.cli.follow import follow
from controller.cli.objects import as_update
from controller.cli.output import console, note
from controller.cli.patience import unseen, with_note
from controller.cli.session import Place, Session, run
from controller.cli.update.current import current
from controller.cli.update.wish import Wish, verdict, wish
from controller.escapes import clean
from controller.view import advice
from controller.view.updates import is_over, progress
from controller.view.words import age

Object = dict[str, Any]

#: How many failures are told at the end; `get` shows all.
SHOWN_FAILURES: Final = 5


def wait(
    name: arguments.UpdateName,
    wished: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="WHAT",
            help="ended, started, paused, awaiting-pulse, or a phase such as rolled-forward.",
        ),
    ] = "ended",
    exit_on_pause: options.ExitOnPause = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Wait until an Update ends, and exit as it did.

    Exit codes: 0 rolled forward, or rolled back if that was asked for; 3 rolled back unasked;
    4 failed; 5 aborted or superseded; 6 rejected; 7 timeout; 8 paused by the operator, with
    --exit-on-pause; 130 interrupted: the Update goes on.
    """
    goal = wish(wished, exit_on_pause=exit_on_pause)
    place = Place(kubeconfig, context, namespace)

    async def command(session: Session) -> Exit:
        begun = time.monotonic()
        update = await current(session, name, timeout)
        return await until(session, update, goal, timeout, waited=time.monotonic() - begun)

    raise typer.Exit(run(place, command, farewell(name)))


def farewell(name: str) -> str:
    """The hint when a person stops to wait: how to come back."""
    return f"the Update goes on; `echelon update wait {name}` comes back to it"


async def until(
    session: Session, update: Object, wished: Wish, seconds: float | None, waited: float = 0.0
) -> Exit:
    """Wait for what is wished, tell each change of phase on stderr and the last state on stdout.
    Returns the exit code. After ``seconds``, of which ``waited`` are over, it raises ``CliError``,
    code TIMEOUT.
    """
    last = as_update(update)
    if (code := verdict(wished, last)) is not None:
        _tell_end(last, code, wished)
        return code
    left = None if seconds is None else max(0.0, seconds - waited)
    versions = follow(session, UPDATES, last.metadata.name, left)
    phase: Phase | None = None
    try:
        async with aclosing(with_note(versions, unseen)) as warned:
            async for raw in warned:
                last = as_update(raw)
                code = verdict(wished, last)
                if code is not None:
                    _tell_end(last, code, wished)
                    return code
                if last.status.phase is not phase:
                    phase = last.status.phase
                    note(_line(last))
    except CliError as error:
        if error.code is not Exit.TIMEOUT:
            raise
        raise _timed_out(last, wished, seconds or 0.0) from error
    raise AssertionError("an object is followed until somebody stops to do so")


def _line(update: Update) -> str:
    """Name, phase and message of an Update."""
    words = f"{update.metadata.name} {update.status.phase}: {update.status.message}"
    return clean(words.rstrip(": "))


def _tell_end(update: Update, code: Exit, wished: Wish) -> None:
    took = progress(update, time.time()).elapsed
    after = f" (took {age(took)})" if is_over(update) and took else ""
    console().print(f"update.echelon.dev/{_line(update)}{after}")
    if code is Exit.DONE:
        return
    if is_over(update) and code is Exit.ERROR:
        note(f"it {wished.not_yet}, and no longer can")
    for failure in update.status.failures[:SHOWN_FAILURES] if is_over(update) else ():
        where = f" on {failure.node}" if failure.node else ""
        words = f"instance {failure.instance}{where}: {failure.reason}: {failure.message}"
        note(f"  {clean(words.rstrip(': '))}")
    for command in advice.of_update(update):
        note(f"  {command}")


def _timed_out(update: Update, wished: Wish, seconds: float) -> CliError:
    return CliError(
        f"after {seconds:g}s Update {update.metadata.name} {wished.not_yet}; {_line(update)}",
        f"it goes on; `{advice.back_to(update)}` shows it",
        Exit.TIMEOUT,
    )
