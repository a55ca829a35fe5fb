"""Asks the API server by dry runs whether it takes what an Update would make (contract rule 13)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from controller.api.gate import Gate
from controller.core.model import plan
from controller.core.model.observed import Verdict
from controller.core.refusals import judgement
from controller.gates import job as job_gate
from controller.gates.context import Context
from controller.kube.client import Client
from controller.kube.errors import ApiError, NotHolderError
from controller.kube.resources import BATCH_JOBS, PODS
from controller.reconcile import refusal
from controller.reconcile.creation import prepared
from controller.reconcile.entry import Entry
from controller.resource import Resource

Body = dict[str, Any]


@dataclass(frozen=True)
class TemplateCheck:
    """One check, of a Job that is there."""

    client: Client
    entry: Entry
    write: plan.CheckTemplate

    async def verdict(self, tries: int, now: float) -> Verdict:
        """What the API server says of a pod, and of the Jobs of job gates: the first refusal, else
        that they are taken. ``tries``: how often in a row it was asked."""
        warnings, taken = list[str](), Verdict(True)
        try:
            bodies = await self._bodies()
        except ApiError as error:
            return judgement.verdict(refusal.answer(error), tries, now)
        for gate, resource, body in bodies:
            try:
                await self.client.create(
                    resource,
                    self.entry.key[0],
                    body,
                    # Strict: a field that nobody knows would vanish without a word.
                    dry_run=True,
                    warned=warnings.extend,
                    metadata_only=True,
                )
            except NotHolderError:
                raise
            except ApiError as error:
                found = judgement.verdict(refusal.answer(error), tries, now)
                if not found.accepted:
                    return judgement.of_gate(gate, found) if gate else found
                taken = found
        return replace(taken, warnings=tuple(dict.fromkeys(warnings)))

    async def _bodies(self) -> list[tuple[str, Resource, Body]]:
        """What is tried, with the name of the gate that it is for. Raises ``ApiError``."""
        entry, revision, found = self.entry, self.write.revision, list[tuple[str, Resource, Body]]()
        assert entry.job is not None
        if revision:
            maker = await prepared(self.client, entry, entry.job, revision)
            found.append(("", PODS, maker.dry_run(instances=entry.job.spec.instances)))
        namespace, name = entry.key
        digest = revision.removeprefix(f"{name}-")
        context = Context(namespace, name, "", "", revision, digest, 0, "", (), ())
        for gate in self._gates():
            if gate.job is not None:
                found.append((gate.name, BATCH_JOBS, job_gate.rehearsal(gate, context)))
        return found

    def _gates(self) -> tuple[Gate, ...]:
        """Those that the Update would be asked through: its own, else the Job's."""
        assert self.entry.job is not None
        asks = (u.update for u in self.entry.updates.values() if u.uid == self.write.update)
        update = next(asks, None)
        own = update.spec.policy.gates if update and update.spec.policy else None
        return tuple(self.entry.job.spec.update.gates if own is None else own)
