"""Checks by dry runs whether the API server accepts what an Update creates (contract rule 13)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from controller.api.claims import name_of
from controller.api.gate import Gate
from controller.api.ids import NONE, Ids
from controller.api.job import Job
from controller.core.model import plan
from controller.core.model.observed import Verdict
from controller.core.overlays import refusals
from controller.core.refusals import judgement
from controller.core.revisions import claims, placeholders
from controller.core.revisions.data import is_shaped
from controller.core.runs.placeholders import InvalidRunError
from controller.gates import job as job_gate
from controller.gates.context import Context
from controller.kube.client import Client
from controller.kube.errors import ApiError, NotHolderError
from controller.kube.resources import BATCH_JOBS, CLAIMS, PODS
from controller.reconcile import refusal
from controller.reconcile.creation import prepared
from controller.reconcile.entry import Entry
from controller.reconcile.runs.tried import tried_for_runs
from controller.resource import Resource

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """An object to try. ``gate``: the gate whose Job it is, ``claim``: the claim template whose
    claim it is, both "" for a pod; ``overlays``: those that the pod has."""

    resource: Resource
    body: Body
    gate: str = ""
    overlays: tuple[str, ...] = ()
    claim: str = ""

    def about(self, verdict: Verdict) -> Verdict:
        """The refusal of this object as one of what it stands for."""
        if self.gate:
            return judgement.of_gate(self.gate, verdict)
        if self.claim:
            return judgement.of_claim(self.claim, verdict)
        return judgement.of_overlays(self.overlays, verdict) if self.overlays else verdict


@dataclass(frozen=True)
class TemplateCheck:
    """One check for an existing Job."""

    client: Client
    entry: Entry
    write: plan.CheckTemplate

    async def verdict(self, tries: int, now: float) -> Verdict:
        """The verdict about placeholders, overlays and constraints, then the API server's about a
        pod of each kind, the claims, and the Jobs of job gates: the first refusal, or acceptance.
        ``tries``: number of checks in a row, for the back-off."""
        warnings, accepted = list[str](), Verdict(True)
        if refused := await self._refused_by_us():
            return Verdict(False, *refused)
        try:
            objects = await self._objects()
        except ApiError as error:
            return judgement.verdict(refusal.answer(error), tries, now)
        except InvalidRunError as error:
            return Verdict(False, "InvalidTemplate", str(error))
        for each in objects:
            try:
                await self.client.create(
                    each.resource,
                    self.entry.key[0],
                    each.body,
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
                    return each.about(verdict)
                accepted = verdict
        return replace(accepted, warnings=tuple(dict.fromkeys(warnings)))

    async def _refused_by_us(self) -> tuple[str, str] | None:
        """Reason and message if placeholders, overlays or constraints of the present spec cannot be
        used. To try overlays takes a while, so it is done in a thread. (Those of earlier revisions
        were used.)"""
        entry = self.entry
        if self.write.revision != entry.revision:
            return None
        if words := placeholders.unknown(entry.template):
            return "InvalidTemplate", words
        if not is_shaped(entry.template):
            return None
        namespace, name = entry.key
        return await asyncio.to_thread(refusals.refusal, entry.template, name, namespace)

    async def _objects(self) -> list[Tried]:
        """The objects to try. Raises ``ApiError``."""
        entry, revision, tried = self.entry, self.write.revision, list[Tried]()
        assert entry.job is not None
        if entry.job.spec.has_runs:
            bodies = tried_for_runs(entry.job, revision, entry.template)
            return [Tried(resource, body) for resource, body in bodies]
        if revision:
            made = await prepared(self.client, entry, entry.job, revision)
            pods = made.dry_runs(entry.job.spec.instances)
            tried += [Tried(PODS, body, overlays=names) for names, body in pods]
        namespace, name = entry.key
        for template in self._lacking(entry.job):
            tried.append(Tried(CLAIMS, claims.dry_run(template, name), claim=name_of(template)))
        digest = revision.removeprefix(f"{name}-")
        context = Context(namespace, name, "", "", revision, digest, 0, "", (), ())
        for gate in self._gates():
            if gate.job is not None:
                job = job_gate.rehearsal(gate, context)
                tried.append(Tried(BATCH_JOBS, job, gate=gate.name))
        return tried

    def _lacking(self, job: Job) -> Iterator[Body]:
        """The claim templates of which an instance has no claim yet, as far as is known."""
        seen = self.entry.claims(self.entry.key, job.metadata.uid, frozenset())
        every = Ids.span(0, job.spec.instances)
        for template in job.spec.volume_claim_templates:
            if every - seen.present.get(name_of(template), NONE):
                yield template

    def _gates(self) -> tuple[Gate, ...]:
        """The gates that the Update would have: its own, or the Job's."""
        assert self.entry.job is not None
        asks = (u.update for u in self.entry.updates.values() if u.uid == self.write.update)
        update = next(asks, None)
        own = update.spec.policy.gates if update and update.spec.policy else None
        return tuple(self.entry.job.spec.update.gates if own is None else own)
