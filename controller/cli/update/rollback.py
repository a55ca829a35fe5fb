"""``echelon update rollback``."""

from __future__ import annotations

from typing import Annotated

import typer

from controller.api.kinds import UPDATES
from controller.cli import arguments, options
from controller.cli.exits import Exit
from controller.cli.session import Place, Session, run
from controller.cli.update.steer import steer
from controller.cli.update.wait import farewell, until
from controller.cli.update.wish import ENDED, wish
from controller.view.verbs import Verb

Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end, and exit as it ends.")]


def rollback(
    name: arguments.UpdateName,
    message: options.Message = None,
    wait: Wait = False,
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Give every instance of an active Update the revision back that it had before.

    It ends a pause as well, for nothing would be rolled back during it.

    Exit codes: 0 asked for, or with --wait rolled back; 4 failed; 5 aborted; 6 rejected; 7 timeout;
    130 interrupted: the Update goes on.
    """
    place = Place(kubeconfig, context, namespace)

    async def command(session: Session) -> Exit:
        steered = await steer(session, name, Verb.ROLLBACK, message)
        if not wait:
            return Exit.DONE
        raw = await session.get(UPDATES, steered.update.metadata.name)
        return await until(session, raw, wish(ENDED, rollback=True), timeout)

    raise typer.Exit(run(place, command, farewell(name)))
