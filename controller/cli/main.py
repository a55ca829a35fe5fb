"""``echelon``, also installed as ``kubectl-echelon``: see and steer Jobs and their Updates."""

from __future__ import annotations

import sys

import typer
from rich.text import Text

from controller.cli import job, update
from controller.cli.exits import CliError
from controller.cli.output import console

app = typer.Typer(
    name="echelon",
    help="See and steer Jobs and their Updates.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(job.app, name="job")
app.add_typer(update.app, name="update")


def main() -> None:
    """The console scripts. Exit codes: `controller.cli.exits`."""
    try:
        app()
    except CliError as error:
        _tell(error)
        sys.exit(error.code)


def _tell(error: CliError) -> None:
    out = console(stderr=True)
    if error.message:
        out.print(Text.assemble(("error: ", "bold red"), error.message))
    if error.hint:
        out.print(Text.assemble(("hint:  ", "bold"), error.hint))
