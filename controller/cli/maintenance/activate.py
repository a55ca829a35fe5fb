"""``echelon maintenance activate``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from controller.api.kinds import MAINTENANCES
from controller.cli import options
from controller.cli.exits import CliError, Exit
from controller.cli.maintenance.hosts import Hosts, Nodes, hosts
from controller.cli.maintenance.waiting import until_given_back
from controller.cli.output import note
from controller.cli.session import Object, Place, Session, run
from controller.kube.errors import Conflict, NotFound

Wait = Annotated[bool, typer.Option("--wait", help="Wait until the nodes are given back.")]

#: How often a Maintenance that changed meanwhile is read and changed again.
_TRIES: Final = 5


def activate(
    nodes: Nodes = None,
    filename: Hosts = None,
    wait: Wait = False,
    timeout: options.Timeout = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Give nodes back: take them out of their Maintenances.

    A Maintenance that names no other node is deleted. One with a nodeSelector is left alone: change
    the labels of the node, or delete the Maintenance.

    Exit codes: 0 taken out, with --wait: all nodes are given back, or held by another Maintenance
    that names them, too; 6 rejected; 7 timeout; 130 interrupted: the nodes are given back all the
    same.
    """
    names = hosts(nodes, filename)

    async def command(session: Session) -> Exit:
        found = await session.list(MAINTENANCES)
        named = [each for each in found if set(names) & set(each["spec"].get("nodes", []))]
        for each in named:
            await _take_out(session, each, names)
        if wait:
            await until_given_back(session, names, {*map(_mark, named)}, timeout)
        left = set(names).difference(*(each["spec"]["nodes"] for each in named))
        if not left:
            return Exit.DONE
        words = f"no Maintenance names {', '.join(sorted(left))} in spec.nodes"
        if not named:
            raise CliError(words, "`echelon maintenance status` lists the nodes of each")
        note(words)
        return Exit.DONE

    hint = "the nodes are given back all the same; `kubectl get nodes` shows their cordons"
    raise typer.Exit(run(Place(kubeconfig, context), command, hint))


def _mark(maintenance: Object) -> str:
    """The mark of its nodes (`api.maintenance.Maintenance.mark`)."""
    return f"{maintenance['metadata']['name']}/{maintenance['metadata']['uid']}"


async def _take_out(session: Session, maintenance: Object, names: Sequence[str]) -> None:
    """Take the nodes out. The operator writes the status all the time, and somebody else may have
    changed the list: then it is read again. Raises ``CliError``."""
    name, uid = maintenance["metadata"]["name"], maintenance["metadata"]["uid"]
    for _ in range(_TRIES - 1):
        try:
            return await _try_to_take_out(session, maintenance, names)
        except CliError as error:
            if not isinstance(error.__cause__, Conflict):
                raise
        try:
            maintenance = await session.get(MAINTENANCES, name)
        except CliError as error:
            if isinstance(error.__cause__, NotFound):
                return None
            raise
        if maintenance["metadata"]["uid"] != uid:
            return None
    return await _try_to_take_out(session, maintenance, names)


async def _try_to_take_out(session: Session, maintenance: Object, names: Sequence[str]) -> None:
    meta = maintenance["metadata"]
    named = maintenance["spec"].get("nodes", [])
    rest = [node for node in named if node not in names]
    if rest == named:
        return
    if not rest:
        version = meta["resourceVersion"]
        await session.delete(MAINTENANCES, meta["name"], uid=meta["uid"], resource_version=version)
        print(f"maintenance.echelon.dev/{meta['name']} deleted", flush=True)
        return
    known = {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}
    body = {"metadata": known, "spec": {"nodes": rest}}
    await session.patch(MAINTENANCES, meta["name"], body)
    print(f"maintenance.echelon.dev/{meta['name']} changed: {len(rest)} nodes left", flush=True)
