"""How Jobs, Updates and instances are named on the command line, as in Aurora: ``web/0-3,7``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from controller.api.ids import Ids
from controller.cli.exits import CliError, Exit

#: How kubectl writes that a name is that of a Job or of an Update.
JOB_PREFIXES: Final = (
    *("ejob/", "echelonjob/", "echelonjobs/"),
    *("echelonjob.echelon.dev/", "echelonjobs.echelon.dev/"),
)
UPDATE_PREFIXES: Final = (
    *("eup/", "update/", "updates/"),
    *("update.echelon.dev/", "updates.echelon.dev/"),
)
#: What may be a name. Capitals may not, and are let through: the answer names what is similar.
_NAME: Final = re.compile("[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")


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
    check_name(name, "a Job")
    if not slash:
        return JobKey(name)
    try:
        found = Ids.parse(ids)
    except ValueError as error:
        if text.startswith(UPDATE_PREFIXES) and _NAME.fullmatch(ids):
            hint = "name its Job; `echelon update --help` lists what can be done to an Update"
            raise CliError(
                f"{text} is an Update, and this is for a Job", hint, Exit.USAGE
            ) from None
        hint = f"write `{name}/0-3,7` for some, `{name}` for all of them"
        if _NAME.fullmatch(ids) and not ids[0].isdecimal():
            hint += f"; if {name} is a namespace, write `{ids} -n {name}`"
        raise CliError(f"instances of {name}: {error}", hint, Exit.USAGE) from error
    if not found:
        raise CliError(f"{text!r} names no instance", f"write `{name}` for all of them", Exit.USAGE)
    return JobKey(name, found)


def update_name(text: str) -> str:
    """Read ``web-g4``, ``eup/web-g4`` or ``update.echelon.dev/web-g4``. Raises ``CliError``."""
    for kind in UPDATE_PREFIXES:
        text = text.removeprefix(kind)
    check_name(text, "an Update")
    return text


def check_name(text: str, what: str) -> None:
    """Raises ``CliError`` if nothing can have this name. ``what``: of which it would be the name,
    such as ``a Job``."""
    if not _NAME.fullmatch(text):
        raise CliError(
            f"{text!r} cannot be the name of {what}",
            "names have small letters, digits and hyphens, such as `web-2`",
            Exit.USAGE,
        )
