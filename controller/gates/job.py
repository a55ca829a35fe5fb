"""Runs a batch/v1 Job; the answer is how that Job ended.

The name of the Job is computed from the Update's uid, the gate, the group and the run. So when the
gate is asked again, even after a crash, it finds the same Job until that has ended; the next
verdict comes from another Job. The Update owns the Job, so the Job is deleted with the Update.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any, Final

from controller.api import labels
from controller.api.gate import Gate, Scope
from controller.core.verdicts.answer import Answer, inconclusive, judge_job
from controller.gates.clients import GateClients
from controller.gates.context import Context, filled
from controller.kube.errors import AlreadyExists, ApiError, NotFound
from controller.kube.logs import tail
from controller.kube.resources import BATCH_JOBS, PODS

_LONGEST_NAME: Final = 63
_LINES: Final = 10
_BYTES: Final = 2048
#: Seconds for which an ended Job of a Continuous gate is kept, unless its template sets a time.
_KEPT: Final = 3600
#: Seconds after the interval for which an ended Job is kept at least, so that its end is read.
_MARGIN: Final = 60
#: Maximum seconds for reading a log.
_LOG_SECONDS: Final = 3.0
#: Share of the gate's time limit after which reading a log must have ended.
_SHARE: Final = 0.9
_POD_OF: Final = "batch.kubernetes.io/job-name"


async def ask(gate: Gate, context: Context, clients: GateClients) -> Answer:
    """The answer of a job gate; creates its Job if there is none. Raises ``ApiError``."""
    name = name_of(gate, context)
    clock = asyncio.get_running_loop().time
    end = clock() + gate.ask_timeout * _SHARE
    job = await _job(gate, context, clients, name)
    owners = job.get("metadata", {}).get("ownerReferences") or ()
    if all(owner.get("uid") != context.update_uid for owner in owners):
        return inconclusive(f"the Job {name} does not belong to this Update: delete that Job")
    status = job.get("status") or {}
    last = ""
    if _timed_out(gate, status):
        return inconclusive(f"the Job did not end within {gate.timeout_seconds}s")
    if judge_job(status, "").verdict == "Fail":
        last = await _log(clients, context.namespace, name, min(end, clock() + _LOG_SECONDS))
    return judge_job(status, last)


def name_of(gate: Gate, context: Context) -> str:
    """The name of the Job of this run: a unique DNS label of at most 63 characters."""
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
    """The Job to create: the template with its placeholders replaced, and our name and labels."""
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
            # With the labels of an instance its pods would count as instances.
            pods["labels"] = _without_ours(pods["labels"])
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def rehearsal(gate: Gate, context: Context) -> dict[str, Any]:
    """The Job for a server-side dry run before there is an Update."""
    made = manifest(gate, context)
    metadata = made["metadata"]
    metadata["name"] = f"{context.job}-dry-run"
    del metadata["ownerReferences"], metadata["labels"][labels.UPDATE]
    return made


def _deadline(gate: Gate) -> int:
    """Seconds after which Kubernetes ends the Job: at most the time-out of the gate."""
    assert gate.job is not None
    spec = gate.job.template.get("spec")
    own = spec.get("activeDeadlineSeconds") if isinstance(spec, dict) else None
    return min(own, gate.timeout_seconds) if isinstance(own, int) else gate.timeout_seconds


def _timed_out(gate: Gate, status: dict[str, Any]) -> bool:
    """Whether the gate's time-out ended the Job, and not the deadline of its template."""
    ended = [c for c in status.get("conditions") or () if c.get("type") == "Failed"]
    why = ended[0].get("reason") if ended else ""
    return why == "DeadlineExceeded" and _deadline(gate) == gate.timeout_seconds


def _kept(gate: Gate, spec: dict[str, Any]) -> dict[str, int]:
    """How long the ended Job is kept: at least until the gate is asked again."""
    seconds = spec.get("ttlSecondsAfterFinished")
    if isinstance(seconds, int):
        return {"ttlSecondsAfterFinished": max(seconds, gate.interval_seconds + _MARGIN)}
    return {"ttlSecondsAfterFinished": _KEPT} if gate.scope is Scope.CONTINUOUS else {}


def _without_ours(given: Any) -> dict[str, Any]:
    """Labels or annotations without those in Echelon's own group."""
    if not isinstance(given, dict):
        return {}
    return {key: value for key, value in given.items() if not key.startswith(f"{labels.GROUP}/")}


async def _log(clients: GateClients, namespace: str, job: str, until: float) -> str:
    """The last log lines of the Job's newest failed pod; "" if they cannot be read in time.

    A slow log must not delay the answer, because it is known already that the Job failed.
    """
    try:
        async with asyncio.timeout_at(until):
            return await _newest_log(clients, namespace, job)
    except (ApiError, TimeoutError):
        # The pod is gone, the log too slow, or the operator may not read it.
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
    end = await tail(clients.api, namespace, *found[1:], lines=_LINES, most_bytes=_BYTES)
    return end.text


def _container(pod: dict[str, Any]) -> str:
    """The container whose log shows the failure: the first that failed, else the first."""
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
