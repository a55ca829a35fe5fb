"""How Jobs, Updates and instances are named on the command line, as in Aurora: ``web/0-3,7``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.ids import Ids
from controller.cli.exits import CliError, Exit

#: How kubectl writes that a name is that of a Job or of an Update.
JOB_PREFIXES: Final = ("ejob/", "echelonjob/", "echelonjobs/", "echelonjob.echelon.dev/")
UPDATE_PREFIXES: Final = ("eup/", "update/", "updates/", "update.echelon.dev/")


@dataclass(frozen=True, slots=True)
class JobKey:
    """A Job, and which of its instances (None: all)."""

    name: str
    instances: Ids | None = None

    def __str__(self) -> str:
        return self.name if self.instances is None else f"{self.name}/{self.instances}"


def job_key(text: str) -> JobKey:
    """Read ``web``, ``web/3`` or ``web/0-3,7``; ``ejob/web`` and ``echelonjob/web`` are Jobs as
    kubectl writes them. Raises ``CliError``."""
    for kind in JOB_PREFIXES:
        text = text.removeprefix(kind)
    name, slash, ids = text.partition("/")
    if not name:
        raise CliError("no Job is named", "name it, such as `web` or `web/0-3,7`", Exit.USAGE)
    if not slash:
        return JobKey(name)
    try:
        found = Ids.parse(ids)
    except ValueError as error:
        raise CliError(f"instances of {name}: {error}", code=Exit.USAGE) from error
    if not found:
        raise CliError(f"{text!r} names no instance", f"write `{name}` for all of them", Exit.USAGE)
    return JobKey(name, found)


def update_name(text: str) -> str:
    """Read ``web-g4``, ``eup/web-g4`` or ``update.echelon.dev/web-g4``."""
    for kind in UPDATE_PREFIXES:
        text = text.removeprefix(kind)
    return text
