"""The arguments that name Jobs and Updates, completed from the cluster."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from controller.cli.completion import job_names, update_names

JobName = Annotated[
    str,
    typer.Argument(metavar="NAME", autocompletion=job_names, help="The Job.", show_default=False),
]
JobKey = Annotated[
    str,
    typer.Argument(
        metavar="NAME[/IDS]",
        autocompletion=job_names,
        help="A Job, or some instances: web/0-3,7.",
        show_default=False,
    ),
]
UpdateName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        autocompletion=update_names,
        help="The Update, such as web-g4, or its Job: then the active Update, or the newest.",
        show_default=False,
    ),
]
#: The help of what `update start` and `update plan` take.
TARGET: Final = "A manifest with one Job (`-`: stdin), or a Job for its present template."
