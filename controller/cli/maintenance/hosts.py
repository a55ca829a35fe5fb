"""Which nodes a command is about: arguments, and lines of a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from controller.api.maintenance import MAX_NODES, is_name
from controller.api.text import shortened
from controller.cli.completion import node_names
from controller.cli.exits import CliError, Exit

Nodes = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NODE", help="Names of nodes.", show_default=False, autocompletion=node_names
    ),
]
Hosts = Annotated[
    str | None,
    typer.Option(
        "--filename",
        metavar="FILE",
        help="A file with a node per line; # begins a comment; - is stdin.",
        show_default=False,
    ),
]


def hosts(given: Sequence[str] | None, filename: str | None) -> list[str]:
    """The names, each once, in their order. Raises ``CliError``."""
    names = list(given or ())
    if filename is not None:
        names += (line.partition("#")[0].strip() for line in _read(filename).splitlines())
    names = list(dict.fromkeys(name.removeprefix("node/") for name in names if name))
    if not names:
        hint = "give names of nodes, or a file with --filename"
        raise CliError("no node is named", hint, Exit.USAGE)
    if len(names) > MAX_NODES:
        hint = "make several Maintenances, one after the other"
        raise CliError(f"{len(names)} nodes are more than {MAX_NODES}", hint, Exit.USAGE)
    if wrong := next((name for name in names if not is_name(name)), None):
        hint = "names of nodes have small letters, digits, hyphens and dots; `kubectl get nodes`"
        raise CliError(f"{shortened(wrong, 80)!r} cannot be the name of a node", hint, Exit.USAGE)
    return names


def _read(filename: str) -> str:
    try:
        given = sys.stdin.read() if filename == "-" else Path(filename).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"{filename} cannot be read: {error}", code=Exit.USAGE) from None
    # Editors of Windows begin a file with a byte order mark.
    return given.removeprefix("\ufeff")
