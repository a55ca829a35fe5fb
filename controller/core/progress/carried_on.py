"""A newer operator carries on the Update of an older one, and stores its engine version first.

The version is stored before the first write of intent or the first action that this engine decides:
from then on an older operator leaves the Update alone. An Update that needs nothing (it is paused,
for example) keeps its version, so that an upgrade can be taken back.
"""

from __future__ import annotations

from dataclasses import replace

from controller.api import engine
from controller.api.update import Update, UpdateStatus
from controller.core.model.context import Context
from controller.core.model.plan import Plan, WriteJob, WriteUpdate, subject_of_update
from controller.core.refusals import writes as refused_writes
from controller.core.status import too_new


def stamped(context: Context, plan: Plan) -> Plan:
    """``plan``, or the plan that stores this engine's version in the active Update before."""
    update = context.lock
    if update is None or not engine.is_older(update.status.engine_version):
        return plan
    write = plan.write
    if isinstance(write, WriteUpdate) and write.name == update.metadata.name:
        return replace(plan, write=replace(write, status=_with_version(write.status)))
    if not _moves(context, update, plan) or too_new.found(context):
        return plan
    if refused_writes.at(context, subject_of_update(update.metadata.name)):
        return Plan(wake_at=refused_writes.next_moment(context))
    return Plan(write=WriteUpdate(update.metadata.name, _with_version(update.status)))


def _moves(context: Context, update: Update, plan: Plan) -> bool:
    """Whether the plan stores intent or acts. Reports may contain what a Queue stores ahead."""
    if plan.actions or isinstance(plan.write, WriteJob):
        return True
    return any(
        report.status.assigned != context.status.assigned
        if isinstance(report, WriteJob)
        else report.status.batch != update.status.batch
        for report in plan.reports
    )


def _with_version(status: UpdateStatus) -> UpdateStatus:
    return status.model_copy(update={"engine_version": engine.ENGINE_VERSION})
