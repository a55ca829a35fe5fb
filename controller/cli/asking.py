"""Asks before something happens."""

from __future__ import annotations

import sys

from controller.cli.exits import CliError, Exit


def confirm(question: str, *, yes: bool) -> None:
    """Return if the answer is yes, or if ``yes`` says so already. Raises ``CliError`` if it is no,
    and if nobody can be asked.

    Ask before a connection is open: while asyncio runs, Ctrl-C does not end the question.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CliError(
            "nobody can be asked: stdin is no terminal",
            "add `--yes`; `--dry-run`, where there is one, shows what would happen",
            Exit.USAGE,
        )
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        raise CliError("", "nothing was changed", Exit.INTERRUPTED) from None
    if answer.strip().lower() not in ("y", "yes"):
        raise CliError("nothing was changed")
