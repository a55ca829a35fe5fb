"""``echelon version``: of this program, and of what the cluster has."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from typing import TYPE_CHECKING, Annotated

import typer

from controller.api.labels import API_VERSION
from controller.cli import options
from controller.cli.output import dump, note

if TYPE_CHECKING:
    from controller.cli.installed import Installed


def version(
    client: Annotated[bool, typer.Option("--client", help="Only of this program.")] = False,
    form: options.AsData = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Print the version of this program, and what the cluster has.

    The operator is found by its Deployment and by the Lease that it holds.
    """
    own = mine()
    found = None if client else _asked(kubeconfig, context)
    if form is not None:
        server = None if found is None else asdict(found)
        dump({"client": {"version": own, "api": API_VERSION}, "server": server}, form)
        return
    print(f"Client: {own} ({API_VERSION})")
    if found is not None:
        _show(found, own)


def mine() -> str:
    """The version of the installed package."""
    try:
        return package_version("echelon-controller")
    except PackageNotFoundError:  # run from a folder
        return "unknown"


def _asked(kubeconfig: str | None, context: str | None) -> Installed:
    # `--client` needs nothing of this.
    from controller.cli.finding import find
    from controller.cli.session import Place, run

    return run(Place(kubeconfig, context), find)


def _show(found: Installed, own: str) -> None:
    from controller.cli.installed import hints, lines

    for line in lines(found):
        print(line)
    for hint in hints(found, own):
        note(f"hint: {hint}")
