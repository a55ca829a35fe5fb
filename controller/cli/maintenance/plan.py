"""``echelon maintenance plan``: what a drain would meet now, without making a Maintenance."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from controller.cli import options
from controller.cli.exits import Exit
from controller.cli.maintenance.flags import (
    AtOnce,
    AvailableFor,
    EmptyDirs,
    Evict,
    MinAvailable,
    drain_spec,
)
from controller.cli.maintenance.flags import read as read_spec
from controller.cli.maintenance.hosts import Hosts, Nodes, hosts
from controller.cli.maintenance.reading import read
from controller.cli.output import Column, Data, dump, longest_message, note, table
from controller.cli.session import Place, Session, run
from controller.view.drain_time import DrainTime, drain_time
from controller.view.node_plan import Bound, NodePlan, Verdict, node_plans, together
from controller.view.words import age, cut, plural


class Form(StrEnum):
    """How the plan is printed; without one, as a table."""

    JSON = "json"
    YAML = "yaml"
    WIDE = "wide"
    NAME = "name"


Output = Annotated[
    Form | None,
    typer.Option(
        "-o", "--output", help="json, yaml, wide; name: the nodes that can go now, together."
    ),
]
_STYLES: Final = {
    Verdict.NOW: "green",
    Verdict.STEPS: "yellow",
    Verdict.BLOCKED: "bold red",
    Verdict.NOT_FOUND: "dim",
}


def plan(
    nodes: Nodes = None,
    filename: Hosts = None,
    at_once: AtOnce = None,
    min_available: MinAvailable = None,
    available_for: AvailableFor = None,
    evict_others: Evict = False,
    empty_dirs: EmptyDirs = False,
    form: Output = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Show which nodes could be drained now, what forbids the others, and how long it would take.

    Nothing is changed. Now: all that must leave may leave in one step. Steps: some may leave now,
    the rest when those have come up elsewhere; a drain does so by itself. Blocked: of a Job or a
    PodDisruptionBudget none may go now, or a pod cannot be evicted.

    Exit codes: 0 all nodes can go, now or in steps; 4 one is blocked or does not exist.
    """
    names = hosts(nodes, filename)
    spec = drain_spec(
        at_once, min_available, available_for, evict_others=evict_others, empty_dirs=empty_dirs
    )

    async def command(session: Session) -> Exit:
        world, paces = await read(session, names, read_spec(spec), time.time())
        plans = node_plans(world, names)
        _show(plans, together(world, plans), drain_time(world, names, paces), form)
        return Exit.DONE if all(map(_can_go, plans)) else Exit.FAILED

    raise typer.Exit(run(Place(kubeconfig, context), command))


def _can_go(node: NodePlan) -> bool:
    return node.verdict in (Verdict.NOW, Verdict.STEPS)


def _show(
    plans: Sequence[NodePlan], now: Sequence[str], takes: DrainTime | None, form: Form | None
) -> None:
    if form is Form.NAME:
        for name in now:
            print(f"node/{name}")
    elif form in (Form.JSON, Form.YAML):
        dump(as_data(plans, now, takes), Data(form))
    else:
        _table(plans, wide=form is Form.WIDE)
        for words in _words(plans, now, takes):
            note(words)


def as_data(
    plans: Sequence[NodePlan], now: Sequence[str], takes: DrainTime | None
) -> dict[str, Any]:
    """The plan for programs."""
    found: dict[str, Any] = {"nodes": [_node(each) for each in plans], "together": list(now)}
    if takes is not None:
        found["estimate"] = {"seconds": takes.seconds, "from": takes.source}
    return found


def _node(node: NodePlan) -> dict[str, Any]:
    return {
        "name": node.name,
        "verdict": node.verdict.value,
        "instances": node.instances,
        "pods": node.pods,
        "bounds": [_bound(each) for each in node.bounds],
    }


def _bound(bound: Bound) -> dict[str, Any]:
    return {
        "reason": bound.reason,
        "what": bound.what,
        "here": bound.here,
        "mayGo": bound.may_go,
        "message": bound.message,
    }


def _table(plans: Sequence[NodePlan], *, wide: bool) -> None:
    longest = longest_message(wide=wide)
    columns = (
        Column[NodePlan]("NODE", lambda node: node.name),
        Column[NodePlan](
            "DRAIN", lambda node: node.verdict.value, style=lambda node: _STYLES[node.verdict]
        ),
        Column[NodePlan]("INSTANCES", lambda node: str(node.instances)),
        Column[NodePlan]("PODS", lambda node: str(node.pods)),
        Column[NodePlan](
            "BECAUSE", lambda node: cut(node.message, longest) if longest else node.message
        ),
    )
    table(plans, columns, wide=wide)


def _words(plans: Sequence[NodePlan], now: Sequence[str], takes: DrainTime | None) -> list[str]:
    words = f"{len(now)} of {plural(len(plans), 'node')} can go now, together"
    said = [f"{words}: {', '.join(now)}" if now else words]
    if takes is None:
        said.append("nothing of a Job is to be moved")
    else:
        said.append(f"the whole takes about {age(takes.seconds)}: {takes.source}")
    return said
