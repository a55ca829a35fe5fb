"""Waits for a Maintenance: until all its nodes are finished, or until nodes are given back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from controller.api.kinds import MAINTENANCES
from controller.api.maintenance import named_in
from controller.cli.exits import CliError, Exit
from controller.cli.output import note
from controller.cli.session import Object, Session
from controller.kube.resources import NODES
from controller.maintenance.decode import node_from
from controller.view.words import plural

#: Seconds from one look to the next.
_EVERY: Final = 1.0
#: A node may be not Ready, or a request be refused, for a moment: after so many looks in a row a
#: person is needed indeed.
_STALLED_LOOKS: Final = 10
NOBODY: Final = (
    "`kubectl get leases -A` tells whether an operator serves Maintenances: the name of its Lease "
    "ends in -maintenance"
)


async def until_done(session: Session, made: Object, seconds: float | None) -> Exit:
    """Return how it ended. Raises ``CliError`` at the timeout, or if it is deleted meanwhile."""
    name, uid = made["metadata"]["name"], made["metadata"]["uid"]
    deadline = None if seconds is None else time.monotonic() + seconds
    told, looks = "", 0
    while True:
        found = await session.get(MAINTENANCES, name)
        if found["metadata"]["uid"] != uid:
            raise CliError(f"Maintenance {name} was deleted and made anew", "", Exit.ENDED)
        ready, stalled = condition(found, "Ready"), condition(found, "Stalled")
        if is_current(found):
            if (words := ready.get("message", "")) and words != told:
                note(told := words)
            if ready.get("status") == "True":
                return Exit.DONE
            looks = looks + 1 if stalled.get("status") == "True" else 0
            if looks >= _STALLED_LOOKS:
                raise CliError(f"Maintenance {name}: {stalled.get('message')}", "", Exit.FAILED)
        if deadline is not None and time.monotonic() > deadline:
            hint = f"the Maintenance goes on; `echelon maintenance status {name}` shows it"
            raise CliError(f"Maintenance {name} is not done", hint, Exit.TIMEOUT)
        await asyncio.sleep(_EVERY)


async def until_given_back(
    session: Session, names: Sequence[str], marks: AbstractSet[str], seconds: float | None
) -> None:
    """Return when no node of these names has one of these marks, or a taint of such a Maintenance.
    Raises ``CliError`` at the timeout."""
    deadline = None if seconds is None else time.monotonic() + seconds
    taints = {named_in(mark)[0] for mark in marks}
    while True:
        nodes = [node_from(raw).node for raw in await session.list(NODES)]
        left = [
            node.name
            for node in nodes
            if node.name in names and (node.mark in marks or node.taint in taints)
        ]
        if not left:
            return
        if deadline is not None and time.monotonic() > deadline:
            words = f"{len(left)} of {plural(len(names), 'node')} are not given back: {left[0]}"
            raise CliError(words, NOBODY, Exit.TIMEOUT)
        await asyncio.sleep(_EVERY)


def is_current(found: Object) -> bool:
    """Whether the status was computed from the present spec."""
    seen = found.get("status", {}).get("observedGeneration", -1)
    return bool(seen == found["metadata"].get("generation"))


def condition(found: Object, kind: str) -> dict[str, Any]:
    """A condition; {} if there is none."""
    conditions = found.get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == kind), {})
