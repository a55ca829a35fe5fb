"""Reads what a plan of a drain is made from: nodes, what runs on them, and what bounds it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from controller.api.job import Job
from controller.api.kinds import JOBS, MAINTENANCES, UPDATES
from controller.api.labels import JOB
from controller.api.maintenance import MaintenanceSpec
from controller.api.pods.slim import slim
from controller.api.pods.wire import PodWire
from controller.api.progress import TERMINAL
from controller.api.update import Update
from controller.cli.exits import CliError
from controller.cli.explained import explained
from controller.cli.maintenance.budgets import budget_state
from controller.cli.objects import as_job, as_update
from controller.cli.session import Session
from controller.core.replacement.foreseen import Foresight
from controller.kube.errors import ApiError, NotFound
from controller.kube.resources import BUDGETS, NODES, PODS
from controller.maintenance.decode import node_from, pod_from
from controller.view.drain_time import Pace, pace
from controller.view.node_plan import BudgetState, JobState, Key, World

Object = dict[str, Any]
#: Requests in flight.
AT_ONCE: Final = 8


async def read(
    session: Session, names: Sequence[str], spec: MaintenanceSpec, now: float
) -> tuple[World, dict[Key, Pace]]:
    """``now``: epoch seconds. Raises ``CliError``."""
    holders = _holders(await session.list(MAINTENANCES))
    nodes = {raw["metadata"]["name"]: node_from(raw).node for raw in await session.list(NODES)}
    there = [name for name in names if name in nodes]
    found = await _together(_pods_on(session, name, spec.evicts) for name in there)
    on = dict(zip(there, found, strict=True))
    pods = {name: [pod_from(raw).pod for raw in raws] for name, raws in on.items()}
    every = [raw for raws in on.values() for raw in raws]
    keys = sorted({(p.namespace, p.job) for each in pods.values() for p in each if p.job})
    read_jobs = await _together(_job(session, key, spec, now) for key in keys)
    known = {key: each for key, each in zip(keys, read_jobs, strict=True) if each is not None}
    spaces = sorted({raw["metadata"]["namespace"] for raw in every})
    budgets = await _together(_budgets(session, space, every) for space in spaces)
    jobs = {key: state for key, (state, _) in known.items()}
    paces = {key: each for key, (_, each) in known.items()}
    flat = [each for some in budgets for each in some]
    # That of a Maintenance by labels is known from the node's taint.
    holders = {name: node.taint for name, node in nodes.items() if node.taint} | holders
    return World(nodes, pods, jobs, flat, holders, spec), paces


def _holders(maintenances: Iterable[Object]) -> dict[str, str]:
    """Node -> the oldest Maintenance that has it in ``spec.nodes``."""
    found = dict[str, str]()
    for raw in sorted(maintenances, key=lambda each: str(each["metadata"]["creationTimestamp"])):
        for node in raw["spec"].get("nodes") or ():
            found.setdefault(node, raw["metadata"]["name"])
    return found


async def _together(requests: Iterable[Any]) -> list[Any]:
    """The answers, in order; at most `AT_ONCE` at a time."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(request: Any) -> Any:
        async with slots:
            return await request

    return await asyncio.gather(*(one(each) for each in requests))


async def _pods_on(session: Session, node: str, others: bool) -> list[Object]:
    """The pods of Jobs on a node; with ``others`` all pods."""
    found = session.client.list(
        PODS,
        None,
        field_selector=f"spec.nodeName={node}",
        label_selector=None if others else JOB,
    )
    try:
        return [raw async for raw in found]
    except ApiError as error:
        raise explained(error, "list", PODS, "", "") from error


async def _job(
    session: Session, key: Key, spec: MaintenanceSpec, now: float
) -> tuple[JobState, Pace] | None:
    """A Job; None if it is gone: its pods bind nobody."""
    there = Session(session.client, key[0])
    try:
        job = as_job(await there.get(JOBS, key[1]))
    except CliError as error:
        if isinstance(error.__cause__, NotFound):
            return None
        raise
    pods = await there.list(PODS, f"{JOB}={key[1]}")
    updates = [as_update(raw) for raw in await there.list(UPDATES) if _is_of(raw, key[1])]
    return job_state(job, pods, updates, spec, now), pace(job, updates)


def job_state(
    job: Job, pods: Iterable[Object], updates: Iterable[Update], spec: MaintenanceSpec, now: float
) -> JobState:
    """What the moves of a Job would be."""
    there = (slim(PodWire.of(raw)) for raw in pods)
    own = (pod for pod in there if pod is not None and not pod.foreign_controller)
    alive = {each.metadata.name: each for each in updates if each.status.phase not in TERMINAL}
    return JobState(*key_of(job), Foresight(job, own, alive, spec.sla, now))


def key_of(job: Job) -> Key:
    return job.metadata.namespace, job.metadata.name


async def _budgets(session: Session, namespace: str, pods: Iterable[Object]) -> list[BudgetState]:
    mine = [raw for raw in pods if raw["metadata"]["namespace"] == namespace]
    found = await Session(session.client, namespace).list(BUDGETS)
    return [budget_state(raw, mine) for raw in found]


def _is_of(update: Object, job: str) -> bool:
    return bool(update["spec"].get("job") == job)
