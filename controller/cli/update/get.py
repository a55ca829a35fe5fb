"""``echelon update get``."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from controller.cli import options
from controller.cli.completion import update_names
from controller.cli.exits import CliError
from controller.cli.objects import as_update
from controller.cli.output import Object, console, note
from controller.cli.session import Place, Session, run
from controller.cli.update.describe import describe
from controller.cli.update.list_ import show
from controller.cli.update.which import which

Names = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME...",
        autocompletion=update_names,
        help="Updates, such as web-g4, or their Jobs: then the active Update, or the newest.",
        show_default=False,
    ),
]


def get(
    names: Names,
    form: options.Output = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Show all about Updates: what they wait for, progress, gates, failures, history, policy."""

    async def command(session: Session) -> None:
        found: list[Object] = []
        errors: list[CliError] = []
        for name in dict.fromkeys(names):
            try:
                found.append(await which(session, name))
            except CliError as error:
                errors.append(error)
        if found and form is not None:
            show(found, form, many=len(names) > 1)
        for i, raw in enumerate(found if form is None else ()):
            if i:
                console().print()
            console().print(describe(as_update(raw), time.time()))
        for other in errors[1:]:
            note(f"error: {other.message}")
        if errors:
            raise errors[0]

    run(Place(kubeconfig, context, namespace), command)
