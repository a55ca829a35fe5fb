"""``echelon update watch``."""

from __future__ import annotations

import time

import typer

from controller.cli import arguments, options
from controller.cli.exits import Exit
from controller.cli.live.watching import watched
from controller.cli.objects import as_update
from controller.cli.session import Place, Session, run
from controller.cli.update.current import current
from controller.view.updates import is_over

__all__ = ["watch", "watched"]


def watch(
    name: arguments.UpdateName,
    exit_on_pause: options.ExitOnPause = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Watch an Update to its end: a live picture on a terminal, else a line per change.

    Ctrl-C stops watching, not the Update.

    Exit codes: 0 rolled forward, or rolled back if that was asked for; 3 rolled back unasked;
    4 failed; 5 aborted or superseded; 6 rejected; 7 timeout; 8 paused by the operator, with
    --exit-on-pause; 130 interrupted: the Update goes on.
    """
    place = Place(kubeconfig, context, namespace)

    async def command(session: Session) -> Exit:
        begun = time.monotonic()
        update = as_update(await current(session, name, timeout))
        left = None if timeout is None else max(0.0, timeout - (time.monotonic() - begun))
        if is_over(update):
            left = None  # its end is shown, even if the time is over
        found = update.metadata.name
        return await watched(session, found, timeout=left, exit_on_pause=exit_on_pause)

    raise typer.Exit(run(place, command, farewell(name)))


def farewell(name: str) -> str:
    """The hint when a person stops watching: how to come back."""
    return f"the Update goes on; `echelon update watch {name}` comes back to it"
