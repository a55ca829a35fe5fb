"""``echelon``, also installed as ``kubectl-echelon``: see and steer Jobs and their Updates."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import typer
from rich.text import Text

from controller.cli import completion, job, ui, update, version
from controller.cli.exits import CliError
from controller.cli.lint import command as lint
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
app.command("lint")(lint.lint)
app.command("ui")(ui.ui)
app.command("completion")(completion.completion)
app.command("version")(version.version)


def main() -> None:
    """The console scripts. Exit codes: `controller.cli.exits`."""
    # Without a handler, Python prints warnings to stderr: those of retried requests are not for
    # users, who get a `CliError` if it matters.
    logging.getLogger("controller").addHandler(logging.NullHandler())
    if completion.is_asked():
        completion.prepare()
    try:
        app(prog_name=_called())
    except CliError as error:
        _tell(error)
        sys.exit(error.code)


def _called() -> str:
    """How the user calls this program; completions are asked of ``echelon`` alone."""
    plugin = Path(sys.argv[0]).name.startswith("kubectl-") and not completion.is_asked()
    return "kubectl echelon" if plugin else "echelon"


def _tell(error: CliError) -> None:
    out = console(stderr=True)
    if error.message:
        out.print(Text.assemble(("error: ", "bold red"), error.message))
    if error.hint:
        out.print(Text.assemble(("hint:  ", "bold"), error.hint))
