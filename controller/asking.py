"""Asks what users name: the providers of gates, and coordinators, these one question at a time."""

from __future__ import annotations

import os

from controller.api.labels import FIELD_MANAGER
from controller.gates.addresses import in_pod
from controller.gates.asker import Asker
from controller.gates.clients import GateClients, GateSettings
from controller.kube.client import Client
from controller.kube.config import Connection
from controller.kube.lease_times import Times
from controller.kube.turns import Turns
from controller.metrics import Metrics
from controller.reconcile.coordinators import Means
from controller.settings import Settings, version

_AGENT = f"{FIELD_MANAGER}/{version()}"


class Asking:
    """``api`` reads what gates need; ``identity``: of this process, in Leases."""

    def __init__(
        self,
        settings: Settings,
        connection: Connection,
        api: Client,
        identity: str,
        metrics: Metrics,
    ) -> None:
        # In a pod, loopback is the operator itself; on a user's machine it is that machine.
        service = in_pod(os.environ)
        given = GateSettings(
            ca_file=settings.gate_ca_file,
            allow_loopback=settings.gate_allow_loopback or not service,
            user_agent=f"{_AGENT} gates",
        )
        asker = Asker(GateClients(api, (connection.server, *service), given))
        # Without a guard: the turn of a Job that is another operator's by now is still given back.
        self._client = Client(
            connection,
            limit=4,
            observe=metrics.requested,
            user_agent=f"{_AGENT} coordinators",
            write_timeout=settings.lease_duration - settings.lease_renew_deadline,
        )
        turns = Turns(self._client, settings.lease_namespace, identity, times_of(settings))
        self.gate = asker.ask
        self.coordinators = Means(asker.ask_coordinator, turns.turn, metrics.consulted)

    async def close(self) -> None:
        await self._client.close()


def times_of(settings: Settings) -> Times:
    """How long Leases are held."""
    return Times(settings.lease_duration, settings.lease_renew_deadline, settings.lease_retry)
