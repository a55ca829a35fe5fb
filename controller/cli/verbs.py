"""What is said to a person who uses a verb that this program has under another name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, Final

from typer.core import TyperGroup

from controller.cli.exits import CliError, Exit

#: Verbs of other programs, such as kubectl, and what they are here, the most likely first.
_MEANT: Final = {
    **dict.fromkeys(("describe", "show", "info", "events"), ("job status", "update get")),
    **dict.fromkeys(("ls", "ps"), ("job list", "update list")),
    "jobs": ("job list",),
    "updates": ("update list",),
    **dict.fromkeys(("pods", "tasks"), ("job instances",)),
    **dict.fromkeys(("log", "tail"), ("job logs",)),
    **dict.fromkeys(("rm", "kill", "remove"), ("job delete",)),
    **dict.fromkeys(("cancel", "stop"), ("update abort", "update pause")),
    **dict.fromkeys(("undo", "revert"), ("update rollback",)),
    **dict.fromkeys(("apply", "create", "deploy", "edit", "set"), ("update start",)),
    **dict.fromkeys(("follow", "rollout"), ("update watch",)),
    **dict.fromkeys(("revisions", "revision"), ("job history",)),
    **dict.fromkeys(("check", "validate"), ("lint",)),
}


class Verbs(TyperGroup):
    """A group of commands that says which of them is meant by another word."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        word = args[0]
        if word.startswith("-") or ctx.resilient_parsing or self.get_command(ctx, word):
            return super().resolve_command(ctx, args)
        group = ctx.command_path.removeprefix(ctx.find_root().command_path).strip()
        meant = suggested(word, group, _names(ctx.find_root().command))
        hint = " or ".join(f"`echelon {name}`" for name in meant)
        hint = f"perhaps {hint}" if hint else f"`{ctx.command_path} --help` lists all"
        raise CliError(f"`{ctx.command_path}` has no command {word!r}", hint, Exit.USAGE)


def suggested(word: str, group: str, names: Sequence[str]) -> list[str]:
    """The commands that are perhaps meant. ``group``: of which ``word`` is no command; "" for all.
    ``names``: of all commands."""
    same = [name for name in names if name.split()[-1] == word]
    found = [*_MEANT.get(word, ()), *same]
    if ours := [name for name in found if name.startswith(f"{group} ")] if group else []:
        return ours
    if found:
        return found
    last = {name.split()[-1]: name for name in names if name.startswith(group)}
    return [last[each] for each in difflib.get_close_matches(word, last, n=1)]


def _names(root: Any) -> list[str]:
    """The names of all commands, such as ``job status``."""
    found = []
    for name, command in root.commands.items():
        under = getattr(command, "commands", None)
        found += [name] if under is None else [f"{name} {verb}" for verb in under]
    return found
