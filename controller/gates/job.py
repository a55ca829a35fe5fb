"""Runs a batch/v1 Job and answers with its end.

Its name follows from the Update's uid, the gate, the group and the run: asked again, after a crash
as well, the same Job is looked at until it has ended; the next verdict is another Job's. The Update
owns it, so it goes when the Update goes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any, Final

from controller.api import labels
from controller.api.gate import Gate, Scope
from controller.core.verdicts.answer import Answer, inconclusive, judge_job
from controller.gates.clients import GateClients, ask_timeout
from controller.gates.context import Context, filled
from controller.kube.errors import AlreadyExists, ApiError, NotFound
from controller.kube.logs import tail
from controller.kube.resources import BATCH_JOBS, PODS

_LONGEST_NAME: Final = 63
_LINES: Final = 10
_BYTES: Final = 2048
#: Seconds for which an ended Job of a Continuous gate stays, unless its template says.
_KEPT: Final = 3600
#: Seconds after an interval within which it has been looked at.
_LOOKED_AT: Final = 60
#: Seconds that a log is waited for, and of the time for the ask the share that it must end in.
_LOG_SECONDS: Final = 3.0
_SHARE: Final = 0.9
_POD_OF: Final = "batch.kubernetes.io/job-name"


async def ask(gate: Gate, context: Context, clients: GateClients) -> Answer:
    """The verdict about a job gate, whose Job is made when it is not there. Raises ``ApiError``."""
    name = name_of(gate, context)
    clock = asyncio.get_running_loop().time
    end = clock() + ask_timeout(gate) * _SHARE
    job = await _job(gate, context, clients, name)
    owners = job.get("metadata", {}).get("ownerReferences") or ()
    if all(owner.get("uid") != context.update_uid for owner in owners):
        return inconclusive(f"the Job {name} is not of this Update: delete it, or wait until it is")
    status = job.get("status") or {}
    last = ""
    if _timed_out(gate, status):
        return inconclusive(f"the Job did not end within {gate.timeout_seconds}s")
    if judge_job(status, "").verdict == "Fail":
        last = await _log(clients, context.namespace, name, min(end, clock() + _LOG_SECONDS))
    return judge_job(status, last)


def name_of(gate: Gate, context: Context) -> str:
    """The Job's name: a DNS label of at most 63 characters that is no other run's."""
    identity = json.dumps([context.update_uid, gate.name, context.group, context.run])
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    readable = f"{context.job}-{gate.name}"[: _LONGEST_NAME - len(digest) - 1].rstrip("-")
    return f"{readable}-{digest}"


async def _job(gate: Gate, context: Context, clients: GateClients, name: str) -> dict[str, Any]:
    client, namespace = clients.api, context.namespace
    try:
        return await client.get(BATCH_JOBS, namespace, name)
    except NotFound:
        pass
    try:
        return await client.create(BATCH_JOBS, namespace, manifest(gate, context))
    except AlreadyExists:
        return await client.get(BATCH_JOBS, namespace, name)


def manifest(gate: Gate, context: Context) -> dict[str, Any]:
    """The Job as it is made: the template, its placeholders replaced, under our name and labels."""
    assert gate.job is not None
    template = filled(gate.job.template, context)
    given = template.get("metadata")
    given = given if isinstance(given, dict) else {}
    ours = {
        labels.JOB: context.job,
        labels.UPDATE: context.update_uid,
        labels.GATE: gate.name,
        labels.MANAGED_BY: labels.MANAGER,
    }
    metadata = {
        "name": name_of(gate, context),
        "namespace": context.namespace,
        "labels": _without_ours(given.get("labels")) | ours,
        "annotations": _without_ours(given.get("annotations"))
        | {labels.REVISION: context.revision, labels.GROUP_NUMBER: str(context.group)},
        "ownerReferences": [
            {
                "apiVersion": labels.API_VERSION,
                "kind": "Update",
                "name": context.update,
                "uid": context.update_uid,
                "controller": True,
            }
        ],
    }
    spec = template.get("spec")
    if isinstance(spec, dict):
        spec |= _kept(gate, spec) | {"activeDeadlineSeconds": _deadline(gate)}
    if isinstance(spec, dict) and isinstance(pod := spec.get("template"), dict):
        pods = pod.get("metadata")
        if isinstance(pods, dict) and isinstance(pods.get("labels"), dict):
            # With an instance's labels its pods would be taken for instances.
            pods["labels"] = _without_ours(pods["labels"])
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def rehearsal(gate: Gate, context: Context) -> dict[str, Any]:
    """The Job as the API server is asked about it before there is an Update."""
    made = manifest(gate, context)
    metadata = made["metadata"]
    metadata["name"] = f"{context.job}-dry-run"
    del metadata["ownerReferences"], metadata["labels"][labels.UPDATE]
    return made


def _deadline(gate: Gate) -> int:
    """Seconds after which the Job is ended: nobody waits for it longer than for the gate."""
    assert gate.job is not None
    spec = gate.job.template.get("spec")
    own = spec.get("activeDeadlineSeconds") if isinstance(spec, dict) else None
    return min(own, gate.timeout_seconds) if isinstance(own, int) else gate.timeout_seconds


def _timed_out(gate: Gate, status: dict[str, Any]) -> bool:
    """Whether the Job was ended because the gate's time is up, not its template's own."""
    ended = [c for c in status.get("conditions") or () if c.get("type") == "Failed"]
    why = ended[0].get("reason") if ended else ""
    return why == "DeadlineExceeded" and _deadline(gate) == gate.timeout_seconds


def _kept(gate: Gate, spec: dict[str, Any]) -> dict[str, int]:
    """How long the Job stays when it has ended: at least until it is looked at again."""
    seconds = spec.get("ttlSecondsAfterFinished")
    if isinstance(seconds, int):
        return {"ttlSecondsAfterFinished": max(seconds, gate.interval_seconds + _LOOKED_AT)}
    return {"ttlSecondsAfterFinished": _KEPT} if gate.scope is Scope.CONTINUOUS else {}


def _without_ours(given: Any) -> dict[str, Any]:
    """Labels or annotations, without those that are ours to set."""
    if not isinstance(given, dict):
        return {}
    return {key: value for key, value in given.items() if not key.startswith(f"{labels.GROUP}/")}


async def _log(clients: GateClients, namespace: str, job: str, until: float) -> str:
    """The last lines that the Job's newest failed pod logged; "" when they cannot be had by then:
    that it failed is known, which a slow log must not turn into no answer."""
    try:
        async with asyncio.timeout_at(until):
            return await _newest_log(clients, namespace, job)
    except (ApiError, TimeoutError):
        # Gone, too slow, or not for the operator to read: the verdict stands without.
        return ""


async def _newest_log(clients: GateClients, namespace: str, job: str) -> str:
    found: tuple[str, str, str] | None = None
    selector = f"{_POD_OF}={job}"
    async for pod in clients.api.list(PODS, namespace, label_selector=selector):
        if (pod.get("status") or {}).get("phase") == "Succeeded":
            continue
        metadata = pod["metadata"]
        candidate = metadata.get("creationTimestamp") or "", metadata["name"], _container(pod)
        found = max(found or candidate, candidate)
    if found is None:
        return ""
    return await tail(clients.api, namespace, *found[1:], lines=_LINES, most_bytes=_BYTES)


def _container(pod: dict[str, Any]) -> str:
    """The container whose log says why: the first that ended badly, else the first."""
    status = pod.get("status") or {}
    every = [
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ]
    for container in every:
        ended = (container.get("state") or {}).get("terminated") or {}
        if ended.get("exitCode"):
            return str(container["name"])
    return str(pod["spec"]["containers"][0]["name"])
