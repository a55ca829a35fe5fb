"""``echelon maintenance drain`` and ``deactivate``: make a Maintenance."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from controller.api.kinds import MAINTENANCES
from controller.api.labels import API_VERSION
from controller.api.maintenance import KIND, Mode
from controller.cli import options
from controller.cli.exits import Exit
from controller.cli.maintenance.flags import (
    AtOnce,
    AvailableFor,
    EmptyDirs,
    Evict,
    Force,
    MinAvailable,
    drain_spec,
)
from controller.cli.maintenance.hosts import Hosts, Nodes, hosts
from controller.cli.maintenance.waiting import until_done
from controller.cli.output import Format, objects
from controller.cli.session import Place, Session, run

Name = Annotated[
    str | None,
    typer.Option("--name", help="Its name; absent: made of its nodes.", show_default=False),
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until all nodes are finished.")]


def drain(
    nodes: Nodes = None,
    filename: Hosts = None,
    name: Name = None,
    at_once: AtOnce = None,
    min_available: MinAvailable = None,
    available_for: AvailableFor = None,
    force_after: Force = None,
    evict_others: Evict = False,
    empty_dirs: EmptyDirs = False,
    wait: Wait = False,
    timeout: options.Timeout = None,
    form: options.Output = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Cordon nodes and have the instances on them moved, some nodes at a time.

    This makes a Maintenance; `echelon maintenance plan` tells before what it would meet. The nodes
    stay cordoned until `echelon maintenance activate`.

    Exit codes: 0 made, with --wait: all nodes are drained; 4 a person is needed, with --wait;
    6 rejected; 7 timeout; 130 interrupted: the Maintenance goes on.
    """
    spec = drain_spec(
        at_once,
        min_available,
        available_for,
        force_after,
        evict_others=evict_others,
        empty_dirs=empty_dirs,
    )
    _make(hosts(nodes, filename), name, spec, wait, timeout, form, Place(kubeconfig, context))


def deactivate(
    nodes: Nodes = None,
    filename: Hosts = None,
    name: Name = None,
    wait: Wait = False,
    timeout: options.Timeout = None,
    form: options.Output = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Have nodes used only as a last resort; what runs there stays.

    This makes a Maintenance. It holds until `echelon maintenance activate`.

    Exit codes: 0 made, with --wait: all nodes are deactivated; 4 a person is needed, with --wait;
    6 rejected; 7 timeout; 130 interrupted: the Maintenance goes on.
    """
    spec = {"mode": Mode.DEACTIVATE.value}
    _make(hosts(nodes, filename), name, spec, wait, timeout, form, Place(kubeconfig, context))


def named(nodes: Sequence[str]) -> str:
    """A name for a Maintenance of these nodes: the same for the same nodes, in whatever order."""
    digest = hashlib.sha256(" ".join(sorted(nodes)).encode()).hexdigest()[:8]
    first = min(nodes).partition(".")[0][:50].rstrip("-")
    return first if len(nodes) == 1 and first == min(nodes) else f"{first}-{digest}"


def _make(
    nodes: Sequence[str],
    name: str | None,
    spec: dict[str, Any],
    wait: bool,
    timeout: float | None,
    form: Format | None,
    place: Place,
) -> None:
    body = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name or named(nodes)},
        "spec": {"nodes": list(nodes), **spec},
    }

    async def command(session: Session) -> Exit:
        made = await session.create(MAINTENANCES, body)
        if form in (None, Format.WIDE):
            print(f"maintenance.echelon.dev/{made['metadata']['name']} created", flush=True)
        else:
            objects([made], form, many=False)
        return await until_done(session, made, timeout) if wait else Exit.DONE

    called = body["metadata"]["name"]  # type: ignore[index]
    hint = f"the Maintenance goes on; `echelon maintenance status {called}` shows it"
    raise typer.Exit(run(place, command, hint))
