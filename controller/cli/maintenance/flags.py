"""The flags that say how nodes are drained, for `drain` and `plan`, and the spec that they make."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from pydantic import ValidationError

from controller.api.lenient import unreadable
from controller.api.maintenance import MaintenanceSpec, Mode, OtherPods
from controller.api.meta import MAX_INT32, is_count
from controller.api.text import shortened
from controller.cli.exits import CliError, Exit

AtOnce = Annotated[
    str | None,
    typer.Option(
        "--max-concurrent-nodes", metavar="N|N%", help="Nodes at the same time.", show_default="1"
    ),
]
MinAvailable = Annotated[
    str | None,
    typer.Option(
        "--min-available",
        metavar="N|N%",
        help="Instances that stay available, of Jobs without spec.sla.",
        show_default="all but one",
    ),
]
AvailableFor = Annotated[
    int | None,
    typer.Option(
        "--available-for",
        metavar="SECONDS",
        min=0,
        max=MAX_INT32,
        help="With --min-available: for how long they must have been.",
        show_default="0",
    ),
]
Force = Annotated[
    int | None,
    typer.Option(
        "--force-after",
        metavar="SECONDS",
        min=0,
        max=MAX_INT32,
        help="Seconds after which instances move whatever agreements say.",
        show_default="never",
    ),
]
Evict = Annotated[
    bool, typer.Option("--evict-others", help="Evict pods that belong to no Job, too.")
]
EmptyDirs = Annotated[
    bool,
    typer.Option(
        "--delete-emptydir-data",
        help="With --evict-others: also pods with an emptyDir volume, whose content is lost.",
    ),
]


def drain_spec(
    at_once: str | None,
    min_available: str | None,
    available_for: int | None,
    force_after: int | None = None,
    *,
    evict_others: bool,
    empty_dirs: bool,
) -> dict[str, Any]:
    """The spec of a Maintenance, without its nodes. Raises ``CliError``."""
    if available_for is not None and min_available is None:
        raise _wrong("--available-for needs --min-available")
    if empty_dirs and not evict_others:
        raise _wrong("--delete-emptydir-data needs --evict-others")
    spec: dict[str, Any] = {"mode": Mode.DRAIN.value}
    if at_once is not None:
        spec["maxConcurrentNodes"] = _amount("--max-concurrent-nodes", at_once, 1)
    if min_available is not None:
        spec["sla"] = {"minAvailable": _amount("--min-available", min_available, 0)}
    if available_for is not None:
        spec["sla"]["durationSeconds"] = available_for
    if force_after is not None:
        spec["timeoutSeconds"] = force_after
    if evict_others:
        spec["otherPods"] = OtherPods.EVICT.value
    if empty_dirs:
        spec["deleteEmptyDirData"] = True
    read(spec)
    return spec


def read(spec: dict[str, Any]) -> MaintenanceSpec:
    """The spec as a value. Raises ``CliError``."""
    try:
        return MaintenanceSpec.model_validate(spec)
    except ValidationError as error:
        raise _wrong(unreadable(error)) from error


def _amount(flag: str, text: str, least: int) -> int | str:
    """A number or a percentage, as the API server takes it. Raises ``CliError``."""
    digits, most = text.removesuffix("%"), 100 if text.endswith("%") else MAX_INT32
    # Python refuses to read thousands of digits.
    number = int(digits) if is_count(digits) else -1
    if not least <= number <= most:
        words = f"{flag} {shortened(text, 20)} is no number from {least} to {MAX_INT32}"
        raise _wrong(f"{words}, nor a percentage from {least}% to 100%")
    return f"{number}%" if text.endswith("%") else number


def _wrong(words: str) -> CliError:
    return CliError(words, "`echelon maintenance drain --help` explains the flags", Exit.USAGE)
