"""``echelon maintenance status``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from controller.api.kinds import MAINTENANCES
from controller.api.lenient import shown
from controller.api.maintenance import Maintenance, NodeStatus
from controller.cli import options
from controller.cli.completion import maintenance_names
from controller.cli.maintenance.waiting import condition
from controller.cli.output import Column, Format, Object, longest_message, note, objects, table
from controller.cli.session import Place, Session, run
from controller.view.words import cut, since

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="Only this Maintenance.",
        show_default=False,
        autocompletion=maintenance_names,
    ),
]


@dataclass(frozen=True)
class _Row:
    maintenance: str
    node: NodeStatus


def status(
    name: Name = None,
    form: options.Output = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Show the nodes of Maintenances: how far each is, and what it waits for."""

    async def command(session: Session) -> None:
        if name is not None:
            found = [await session.get(MAINTENANCES, name)]
        else:
            found = await session.list(MAINTENANCES)
        if form not in (None, Format.WIDE):
            objects(found, form, many=name is None)
        elif found:
            _show(found, wide=form is Format.WIDE)
        else:
            note("No Maintenances.")

    run(Place(kubeconfig, context), command)


def _show(found: list[Object], *, wide: bool) -> None:
    now, longest = time.time(), longest_message(wide=wide)
    columns = (
        Column[_Row]("MAINTENANCE", lambda row: row.maintenance),
        Column[_Row]("NODE", lambda row: row.node.name),
        Column[_Row]("PHASE", lambda row: row.node.phase.value),
        Column[_Row]("INSTANCES", lambda row: str(row.node.instances)),
        Column[_Row]("PODS", lambda row: str(row.node.pods)),
        Column[_Row]("SINCE", lambda row: since(row.node.since, now)),
        Column[_Row]("MESSAGE", lambda row: _message(row.node, longest)),
    )
    table(_rows(found), columns, wide=wide)
    for each in found:
        ready = condition(each, "Ready")
        words = ready.get("message") or "no operator has looked at it yet"
        note(f"{each['metadata']['name']}: {words}")


def _message(node: NodeStatus, longest: int | None) -> str:
    return node.message if longest is None else cut(node.message, longest)


def _rows(found: list[Object]) -> Iterator[_Row]:
    for raw in found:
        read = shown(Maintenance, raw)
        for node in read.status.nodes:
            yield _Row(read.metadata.name, node)
