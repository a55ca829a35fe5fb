"""``echelon maintenance activate``."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from controller.api.kinds import MAINTENANCES
from controller.cli import options
from controller.cli.exits import CliError, Exit
from controller.cli.maintenance.hosts import Hosts, Nodes, hosts
from controller.cli.output import note
from controller.cli.session import Object, Place, Session, run


def activate(
    nodes: Nodes = None,
    filename: Hosts = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Give nodes back: take them out of their Maintenances.

    A Maintenance that names no other node is deleted. One with a nodeSelector is left alone: change
    the labels of the node, or delete the Maintenance.
    """
    names = hosts(nodes, filename)

    async def command(session: Session) -> Exit:
        found = await session.list(MAINTENANCES)
        named = [each for each in found if set(names) & set(each["spec"].get("nodes", []))]
        for each in named:
            await _take_out(session, each, names)
        left = set(names).difference(*(each["spec"]["nodes"] for each in named))
        if not left:
            return Exit.DONE
        words = f"no Maintenance names {', '.join(sorted(left))} in spec.nodes"
        if not named:
            raise CliError(words, "`echelon maintenance status` lists the nodes of each")
        note(words)
        return Exit.DONE

    raise typer.Exit(run(Place(kubeconfig, context), command))


async def _take_out(session: Session, maintenance: Object, names: Sequence[str]) -> None:
    meta = maintenance["metadata"]
    rest = [node for node in maintenance["spec"]["nodes"] if node not in names]
    if not rest:
        await session.delete(MAINTENANCES, meta["name"])
        print(f"maintenance.echelon.dev/{meta['name']} deleted", flush=True)
        return
    # Somebody else may have changed the list meanwhile.
    version = {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}
    body = {"metadata": version, "spec": {"nodes": rest}}
    await session.patch(MAINTENANCES, meta["name"], body)
    print(f"maintenance.echelon.dev/{meta['name']} changed: {len(rest)} nodes left", flush=True)
