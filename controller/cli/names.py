"""The names of objects in the cluster, for the shell to complete."""

from __future__ import annotations

import asyncio

from controller.api.kinds import JOBS, MAINTENANCES, UPDATES
from controller.cli.session import Place, Session, run
from controller.kube.resources import NODES


def names(
    kind: str, kubeconfig: str | None, context: str | None, namespace: str | None, seconds: float
) -> list[str]:
    """The names of all objects of a kind where the flags look. ``seconds``: how long it
    may take. Raises ``CliError`` and ``TimeoutError``, among others."""
    resource = next(each for each in (JOBS, UPDATES, MAINTENANCES, NODES) if each.kind == kind)

    async def listed(session: Session) -> list[str]:
        async with asyncio.timeout(seconds):
            found = session.client.list(resource, session.namespace, metadata_only=True)
            return [each["metadata"]["name"] async for each in found]

    return run(Place(kubeconfig, context, namespace), listed)
