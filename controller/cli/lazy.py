"""Commands that are imported when they are called.

A command that talks to a cluster needs modules that take a second to import. Help of a group and
completion of words need only the names of commands and a line about each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand

from controller.cli.exits import CliError, Exit
from controller.cli.here import here

#: Parameters that say where a command looks, and their flags.
_EVERYWHERE: Final = frozenset({"-A", "--all-namespaces"})
_PLACE: Final = {"namespace": "-n", "context": "--context", "kubeconfig": "--kubeconfig"}


class Lazy(TyperCommand):
    """A command that is imported when its arguments are read. Its callback returns the function
    that typer makes the command of."""

    def loaded(self) -> Any:
        """The command itself, with its arguments, flags and whole help."""
        assert self.callback is not None
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(self.name)(self.callback())
        return typer.main.get_command(alone)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """The context of the command itself: whoever calls the command does it through that."""
        loaded = self.loaded()
        if not kwargs.get("resilient_parsing"):
            _refuse_everywhere(loaded, *args)
        context = loaded.make_context(*args, **kwargs)
        flags = {flag: context.params.get(name) for name, flag in _PLACE.items()}
        called = context.command.callback

        def callback(*args: Any, **kwargs: Any) -> Any:
            with here({flag: value for flag, value in flags.items() if value}):
                return called(*args, **kwargs)

        context.command.callback = callback
        return context


def _refuse_everywhere(command: Any, name: str, args: Sequence[str], *_: Any) -> None:
    """Raises ``CliError`` for ``-A`` of a command that does not list: what it does, it does to
    objects by name, and a name may be there in many namespaces."""
    known = {flag for parameter in command.params for flag in parameter.opts}
    if "-A" in known or not _EVERYWHERE & set(args):
        return
    raise CliError(
        f"`{name}` takes names, and these belong to one namespace",
        "name it with -n; `echelon job list -A` and `echelon update list -A` list those of all",
        Exit.USAGE,
    )


def add(app: typer.Typer, name: str, function: str, summary: str) -> None:
    """Add a command to a group. ``function``: ``module:name``, as of an entry point; ``summary``:
    the first sentence of its docstring."""

    def load() -> Callable[..., None]:
        module, _, attribute = function.partition(":")
        found: Callable[..., None] = getattr(import_module(module), attribute)
        return found

    app.command(name, cls=Lazy, help=summary)(load)
