"""``echelon job get``."""

from __future__ import annotations

from typing import Annotated

import typer

from controller.cli import options
from controller.cli.completion import job_names
from controller.cli.exits import CliError, Exit
from controller.cli.job.list_ import show
from controller.cli.keys import job_key
from controller.cli.output import Object, note
from controller.cli.session import Place, Session, run


def get_jobs(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...", autocompletion=job_names, help="The Jobs.", show_default=False
        ),
    ],
    form: options.Output = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Show Jobs as a table, or as JSON, YAML or names for programs."""
    keys = [job_key(name) for name in names]
    for key in keys:
        if key.instances is not None:
            raise CliError(
                f"{key}: a Job is shown as a whole",
                f"`echelon job instances {key}` shows some of its instances",
                Exit.USAGE,
            )

    async def command(session: Session) -> None:
        found: list[Object] = []
        errors: list[CliError] = []
        for name in dict.fromkeys(key.name for key in keys):
            try:
                found.append(await session.job(name))
            except CliError as error:
                errors.append(error)
        if found:
            show(found, form, many=len(keys) > 1)
        for other in errors[1:]:
            note(f"error: {other.message}")
        if errors:
            raise errors[0]

    run(Place(kubeconfig, context, namespace), command)
