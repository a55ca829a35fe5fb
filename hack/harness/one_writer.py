"""Judges from the audit log whether each Job had one writer at any time.

A replica may write for a Job only while it was the last one that wrote the Lease of the Job's
shard. That is more than that no two replicas write at once: what a replica sends after another one
has got the Lease is a fault, however long it was frozen. Events belong to no Job.

The operators run as `told_apart`, so that their user agents differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.kube.shards import lease_name, shard_of
from hack.harness.audit import Audit, Request
from hack.harness.operator import USER


def who(request: Request) -> str:
    """The identity of the operator that sent a request."""
    return request.agent.removesuffix(" lease").rpartition(" ")[2]


def job_of(request: Request) -> str:
    """The Job that a write is for. The names of Jobs in these tests have no hyphen."""
    return request.name.partition("-")[0]


def writes(audit: Audit, namespace: str) -> list[Request]:
    """The writes for Jobs, in the order of arrival."""
    found = audit.requests(user=USER, namespace=namespace)
    return [r for r in found if r.writes and r.resource != "events"]


def faults(
    audit: Audit, namespace: str, lease: str, uids: Mapping[str, str], shards: Mapping[str, int]
) -> Iterator[str]:
    """``uids``: of the Jobs, by name. ``shards``: how many shards each operator was started with,
    by its identity. The audit log must begin before the operators do."""
    leases = [r for r in audit.requests(user=USER) if r.resource == "leases" and r.writes]
    ours = [r for r in leases if r.code < 300 and (r.name + "-").startswith(f"{lease}-")]
    holders: dict[str, str] = {}
    for request in sorted([*ours, *writes(audit, namespace)], key=lambda r: r.at):
        writer = who(request)
        if request.resource == "leases":
            holders[request.name] = writer
            continue
        count = shards[writer]
        name = lease_name(lease, shard_of(uids[job_of(request)], count), count)
        if holders.get(name) != writer:
            yield f"the Lease {name} was written by {holders.get(name)}, then: {request}"
        together = holders[lease]
        if shards[together] != count:
            yield f"operators of {shards[together]} shards are in force, but: {request}"
