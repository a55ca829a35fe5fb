"""Deletes objects that are not kept any longer."""

from __future__ import annotations

from contextlib import suppress
from typing import Final, Literal

from controller.api.kinds import UPDATES
from controller.core.model import plan
from controller.kube.client import Client
from controller.kube.errors import Conflict, NotFound
from controller.kube.resources import BATCH_JOBS, BUDGETS, CONTROLLER_REVISIONS
from controller.reconcile.entry import Entry
from controller.reconcile.store import Store

_PRUNED: Final = {
    "Update": UPDATES,
    "ControllerRevision": CONTROLLER_REVISIONS,
    "PodDisruptionBudget": BUDGETS,
    "Job": BATCH_JOBS,
}


async def prune(client: Client, store: Store, entry: Entry, action: plan.Prune) -> None:
    """Delete the object if it still has this uid. Raises ``ApiError``."""
    with suppress(NotFound, Conflict):
        # Without it, the API server would leave the pods of a batch/v1 Job behind.
        how: Literal["Background"] | None = "Background" if action.kind == "Job" else None
        await client.delete(
            _PRUNED[action.kind], entry.key[0], action.name, uid=action.uid, propagation=how
        )
    name = f"{entry.key[0]}/{action.name}"
    drop = {
        "Update": store.drop_update,
        "ControllerRevision": store.drop_revision,
        "PodDisruptionBudget": store.drop_budget,
        "Job": store.runs.drop_run,
    }
    drop[action.kind](name, action.uid)
