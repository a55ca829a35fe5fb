"""``echelon``, also installed as ``kubectl-echelon``: see and steer Jobs and their Updates."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import typer

from controller.cli import completion, cron, job, maintenance, sla, update
from controller.cli.exits import CliError, Exit
from controller.cli.lazy import add
from controller.cli.verbs import Verbs

app = typer.Typer(
    name="echelon",
    cls=Verbs,
    help="See and steer Jobs and their Updates.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(job.app, name="job")
app.add_typer(update.app, name="update")
app.add_typer(cron.app, name="cron")
app.add_typer(sla.app, name="sla")
app.add_typer(maintenance.app, name="maintenance")
add(
    app,
    "lint",
    "controller.cli.lint.command:lint",
    "Check manifests of Jobs and Updates, without a cluster.",
)
add(
    app,
    "ui",
    "controller.cli.ui:ui",
    "Open a page with Jobs and Updates, as far as this kubeconfig may see them.",
)
add(
    app,
    "completion",
    "controller.cli.completion:completion",
    "Print a script that completes commands, flags and names of objects.",
)
add(
    app,
    "version",
    "controller.cli.version:version",
    "Print the version of this program, and what the cluster has.",
)


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
    except OSError as error:
        # Such as a full disk below the output.
        _tell(CliError(f"this machine does not do its part: {error}"))
        sys.exit(Exit.ERROR)


def _called() -> str:
    """How the user calls this program; completions are asked of ``echelon`` alone."""
    plugin = Path(sys.argv[0]).name.startswith("kubectl-") and not completion.is_asked()
    return "kubectl echelon" if plugin else "echelon"


def _tell(error: CliError) -> None:
    # Most calls end without an error, and need no rich for it.
    from rich.text import Text

    from controller.cli.output import console

    out = console(stderr=True)
    if error.message:
        out.print(Text.assemble(("error: ", "bold red"), error.message))
    if error.hint:
        out.print(Text.assemble(("hint:  ", "bold"), error.hint))
