"""What one user writes does not keep the objects of others from being read.

A user may write any text into annotations of pods of his own, and any JSON into revisions and job
gates. The operator reads the objects of all namespaces in the same lists.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from controller.api import labels
from controller.api.update import Counts, UpdateStatus
from controller.reconcile import swap
from controller.reconcile.decode import POD_CODEC, read_update
from tests.unit.reconcile.merged import merged
from tests.unit.reconcile.test_decode import update

ENDLESS = ["9" * 5_000, "[" * 5_000, '{"app":' * 5_000, '{"at": ' + "9" * 5_000 + "}"]
NOTES = [
    labels.FAILURES,
    labels.REMADE,
    labels.RESTART_BASE,
    labels.CHANGED_FROM,
    labels.RESIZED,
    labels.RESIZING,
    labels.REVISION,
    *labels.MOVES,
]


def pod(name: str, **notes: str) -> dict[str, Any]:
    marks = {labels.JOB: "web", labels.INSTANCE: name[-1], labels.MANAGED_BY: labels.MANAGER}
    meta = {"name": name, "namespace": "ns", "uid": name, "resourceVersion": "3", "generation": 2}
    conditions = [{"type": "PodResizePending", "status": "True", "reason": "Infeasible"}]
    return {
        "metadata": {**meta, "labels": marks, "annotations": notes},
        "spec": {"containers": [{"name": "app", "image": "app:1"}]},
        "status": {"phase": "Running", "conditions": conditions},
    }


@pytest.mark.parametrize("text", ENDLESS, ids=["digits", "lists", "maps", "time"])
@pytest.mark.parametrize("note", NOTES)
def test_no_annotation_hides_a_pod(note: str, text: str) -> None:
    items = [pod("web-0", **{note: text}), pod("web-1")]
    raw = json.dumps({"metadata": {"resourceVersion": "9"}, "items": items}).encode()
    found, _, _ = POD_CODEC.page(raw)
    assert [each.name for each in found] == ["web-0", "web-1"]
    assert all(each.pod is not None for each in found)


def test_a_pod_that_cannot_be_read_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(text: str | None) -> int:
        raise RuntimeError(text)

    items = [
        pod("web-0", **{labels.FAILURES: "1"}),
        {**pod("web-1"), "metadata": {"name": "web-1"}},
    ]
    monkeypatch.setattr("controller.api.pods.slim._count", failing)
    raw = json.dumps({"metadata": {"resourceVersion": "9"}, "items": items}).encode()
    found, _, version = POD_CODEC.page(raw)
    assert [each.name for each in found] == ["web-1"]
    assert version == "9"


@pytest.mark.parametrize(
    ("field", "stored", "new"),
    [
        ("downSince", {"soon": "0"}, {"down_since": {"2026-01-02T03:04:05Z": "1"}}),
        ("counts", {"total": [], "more": 5}, {"counts": Counts(total=2)}),
    ],
)
def test_a_field_that_cannot_be_read_is_replaced_as_a_whole(
    field: str, stored: dict[str, Any], new: dict[str, Any]
) -> None:
    """Merged into what is there, it would be as unreadable as before, and written for ever."""
    raw = update("web-g2", phase="RollingForward", message="at work", **{field: stored})
    read = read_update(raw).update
    assert read is not None
    after = read.status.model_copy(update=new)
    patched = merged(raw["status"], swap.change(read.status, after))
    again = UpdateStatus.model_validate(patched)
    assert again == UpdateStatus(phase=after.phase, message="at work", **new)


def test_what_cannot_be_read_and_is_not_written_stays() -> None:
    raw = update("web-g2", phase="RollingForward", plan={"groups": 7})
    read = read_update(raw).update
    assert read is not None
    after = read.status.model_copy(update={"message": "at work"})
    change = swap.change(read.status, after)
    assert change["message"] == "at work"
    assert "plan" not in change
