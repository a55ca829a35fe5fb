"""Who set a field of an Update, as its annotations and managed fields say."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.labels import CHANGED_BY, PAUSED_BY
from controller.api.update import Update
from controller.core.status import actor


def entry(manager: str, *fields: str, time: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    spec = {f"f:{field}": {} for field in fields}
    return {"manager": manager, "time": time, "fieldsV1": {"f:spec": spec}}


def update(annotations: dict[str, str], *owners: dict[str, Any]) -> Update:
    meta = {"name": "web-g2", "annotations": annotations, "managedFields": list(owners)}
    return Update.model_validate({"metadata": meta, "spec": {"job": "web"}})


OURS = entry("echelon-controller", "job", "paused")
LATER = "2026-01-01T00:01:00Z"


@pytest.mark.parametrize(
    ("annotations", "owners", "who"),
    [
        ({}, (), "unknown"),
        ({}, (entry("kubectl-patch", "paused"),), "kubectl-patch (field manager)"),
        ({CHANGED_BY: "alice"}, (entry("kubectl-patch", "paused"),), "alice"),
        # The pause is inherited; in the meantime somebody else changed another field.
        ({PAUSED_BY: "alice"}, (OURS,), "alice"),
        ({PAUSED_BY: "alice", CHANGED_BY: "bob"}, (OURS, entry("bob", "message")), "alice"),
        # A person ended the pause, and paused again.
        (
            {PAUSED_BY: "alice", CHANGED_BY: "bob"},
            (entry("echelon-controller", "job"), entry("kubectl-patch", "paused", time=LATER)),
            "bob",
        ),
    ],
)
def test_who_paused(
    annotations: dict[str, str], owners: tuple[dict[str, Any], ...], who: str
) -> None:
    assert actor.of(update(annotations, *owners), "paused") == who
