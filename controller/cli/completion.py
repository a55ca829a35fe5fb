"""``echelon completion``, and the names of objects that the shell completes."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
import typer.completion

# The module does not say what it exports.
_typer: Any = typer.completion

#: Seconds after which a completion without an answer gives up: nobody waits for a Tab.
PATIENCE: Final = 3.0
_NAME: Final = "echelon"
#: The shell asks for completions through this variable, which typer derives from the name.
VARIABLE: Final = f"_{_NAME.upper()}_COMPLETE"
#: kubectl's (that is cobra's) words for: these are all, do not offer files; and: offer files.
_NO_FILES: Final = ":4"
_FILES: Final = ":0"


class Shell(StrEnum):
    """Shells for which there is a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print a script that completes commands, flags and names of objects.

    bash: source <(echelon completion bash). zsh: the same with zsh, after compinit. fish: echelon
    completion fish > ~/.config/fish/completions/echelon.fish. `kubectl echelon` completes by itself
    if kubectl_complete-echelon, which is installed too, is on the PATH.
    """
    print(_typer.get_completion_script(prog_name=_NAME, complete_var=VARIABLE, shell=shell))


def is_asked() -> bool:
    """Whether a shell started this process for completions."""
    return VARIABLE in os.environ


def prepare() -> None:
    """Make typer answer in its own shells' formats."""
    _typer.completion_init()


def job_names(context: typer.Context, incomplete: str) -> list[str]:
    """The names of Jobs where the flags so far look. For ``typer.Argument(autocompletion=…)``."""
    return _names("EchelonJob", context.params, incomplete)


def update_names(context: typer.Context, incomplete: str) -> list[str]:
    """The names of Updates where the flags so far look."""
    return _names("Update", context.params, incomplete)


def maintenance_names(context: typer.Context, incomplete: str) -> list[str]:
    """The names of Maintenances."""
    return _names("Maintenance", context.params, incomplete)


def node_names(context: typer.Context, incomplete: str) -> list[str]:
    """The names of nodes that the line does not have yet."""
    given = context.params.get("nodes") or ()
    return [name for name in _names("Node", context.params, incomplete) if name not in given]


def _names(kind: str, given: dict[str, Any], incomplete: str) -> list[str]:
    try:
        # Words are completed without what asks the cluster.
        from controller.cli.names import names

        found = names(
            kind, given.get("kubeconfig"), given.get("context"), given.get("namespace"), PATIENCE
        )
    except Exception:  # a completion never disturbs the line that is being typed
        return []
    return sorted(name for name in found if name.startswith(incomplete))


def kubectl_plugin() -> None:
    """``kubectl_complete-echelon``: kubectl runs it with the words after ``kubectl echelon``, the
    last of them incomplete, and reads a completion per line and then a directive."""
    from controller.cli.main import main

    words = sys.argv[1:]
    # fish reads lines as kubectl does: the word, a tab, what it means.
    os.environ[VARIABLE] = "complete_fish"
    os.environ["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    given = [shlex.quote(word) for word in words[:-1]]
    os.environ["_TYPER_COMPLETE_ARGS"] = " ".join([_NAME, *given, *(words[-1:] or [""])])
    with suppress(SystemExit):
        main()
    is_file = words[:1] == ["lint"] or words[-2:-1] in (["-f"], ["--filename"])
    print(_FILES if is_file else _NO_FILES)
