"""Checks by dry runs whether the API server accepts what an Update creates (contract rule 13)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from controller.api.gate import Gate
from controller.core.model import plan
from controller.core.model.observed import Verdict
from controller.core.refusals import judgement
from controller.core.runs.placeholders import InvalidRunError
from controller.gates import job as job_gate
from controller.gates.context import Context
from controller.kube.client import Client
from controller.kube.errors import ApiError, NotHolderError
from controller.kube.resources import BATCH_JOBS, PODS
from controller.reconcile import refusal
from controller.reconcile.creation import prepared
from controller.reconcile.entry import Entry
from controller.reconcile.runs.tried import tried_for_runs
from controller.resource import Resource

Body = dict[str, Any]


@dataclass(frozen=True)
class TemplateCheck:
    """One check for an existing Job."""

    client: Client
    entry: Entry
    write: plan.CheckTemplate

    async def verdict(self, tries: int, now: float) -> Verdict:
        """The API server's verdict about a pod and about the Jobs of job gates: the first refusal,
        or acceptance. ``tries``: number of checks in a row, for the back-off."""
        warnings, accepted = list[str](), Verdict(True)
        try:
            bodies = await self._bodies()
        except ApiError as error:
            return judgement.verdict(refusal.answer(error), tries, now)
        except InvalidRunError as error:
            return Verdict(False, "InvalidTemplate", str(error))
        for gate, resource, body in bodies:
            try:
                await self.client.create(
                    resource,
                    self.entry.key[0],
                    body,
                    # A dry run is strict: otherwise unknown fields would be dropped silently.
                    dry_run=True,
                    warned=warnings.extend,
                    metadata_only=True,
                )
            except NotHolderError:
                raise
            except ApiError as error:
                verdict = judgement.verdict(refusal.answer(error), tries, now)
                if not verdict.accepted:
                    return judgement.of_gate(gate, verdict) if gate else verdict
                accepted = verdict
        return replace(accepted, warnings=tuple(dict.fromkeys(warnings)))

    async def _bodies(self) -> list[tuple[str, Resource, Body]]:
        """The objects to try, each with the name of its gate ("" for the pod). Raises
        ``ApiError``."""
        entry, revision, tried = self.entry, self.write.revision, list[tuple[str, Resource, Body]]()
        assert entry.job is not None
        if entry.job.spec.has_runs:
            return tried_for_runs(entry.job, revision, entry.template)
        if revision:
            maker = await prepared(self.client, entry, entry.job, revision)
            tried.append(("", PODS, maker.dry_run(instances=entry.job.spec.instances)))
        namespace, name = entry.key
        digest = revision.removeprefix(f"{name}-")
        context = Context(namespace, name, "", "", revision, digest, 0, "", (), ())
        for gate in self._gates():
            if gate.job is not None:
                tried.append((gate.name, BATCH_JOBS, job_gate.rehearsal(gate, context)))
        return tried

    def _gates(self) -> tuple[Gate, ...]:
        """The gates that the Update would have: its own, or the Job's."""
        assert self.entry.job is not None
        asks = (u.update for u in self.entry.updates.values() if u.uid == self.write.update)
        update = next(asks, None)
        own = update.spec.policy.gates if update and update.spec.policy else None
        return tuple(self.entry.job.spec.update.gates if own is None else own)
