"""``echelon update watch``."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from controller.cli import options
from controller.cli.exits import Exit
from controller.cli.live.watching import watched
from controller.cli.session import Place, Session, run
from controller.cli.update import app
from controller.cli.update.current import current
from controller.cli.update.steer import Name

__all__ = ["watch", "watched"]


@app.command("watch")
def watch(
    name: Name,
    exit_on_pause: Annotated[
        bool,
        typer.Option(
            "--exit-on-pause", help="End with exit code 8 when the operator pauses the Update."
        ),
    ] = False,
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
        found = (await current(session, name))["metadata"]["name"]
        left = None if timeout is None else max(0.0, timeout - (time.monotonic() - begun))
        return await watched(session, found, timeout=left, exit_on_pause=exit_on_pause)

    raise typer.Exit(run(place, command, farewell(place, name)))


def farewell(place: Place, name: str) -> str:
    """The hint when a person stops watching: how to come back, from the same place."""
    flags = {"-n": place.namespace, "--context": place.context, "--kubeconfig": place.kubeconfig}
    given = "".join(f" {flag} {value}" for flag, value in flags.items() if value)
    return f"the Update goes on; `echelon update watch {name}{given}` comes back to it"
