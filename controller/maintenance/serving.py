"""Which service of Maintenances an operator runs: the full one, one that only refuses, or none."""

from __future__ import annotations

import asyncio
from typing import Protocol

from controller.kube.client import Client
from controller.kube.config import Connection
from controller.maintenance.refusals import NotEnabled
from controller.maintenance.service import Service, lease_name
from controller.metrics import Metrics
from controller.probes import Check
from controller.settings import Settings


class Maintaining(Protocol):
    """``await run()`` works until cancelled, between ``start()`` and ``await stop()``."""

    def start(self) -> None: ...

    async def run(self) -> None: ...

    async def stop(self) -> None: ...

    def checks(self) -> dict[str, Check]: ...


class Nothing:
    """An operator of some namespaces has no rights on objects of the cluster."""

    def start(self) -> None:
        pass

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        pass

    def checks(self) -> dict[str, Check]:
        return {}


def maintenance(
    settings: Settings,
    own: tuple[Connection, Connection] | None,
    client: Client,
    identity: str,
    agent: str,
    metrics: Metrics,
) -> Maintaining:
    """``own``: connections for requests and for the Lease, with ``--maintenance``. ``client``: that
    of the operator, which writes only while it may write for Jobs."""
    if own is not None:
        return Service(settings, *own, identity, agent, metrics)
    if settings.namespaces:
        return Nothing()
    return NotEnabled(client, (settings.lease_namespace, lease_name(settings)), agent)
