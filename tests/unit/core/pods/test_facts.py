"""The facts that a pod shows."""

from __future__ import annotations

from controller.api.pods.pod import Pod
from controller.core.pods.facts import facts_of

OLD, NEW = "web-a", "web-b"


def pod(**facts: object) -> Pod:
    return Pod("ns", "web-0", "u0", "web", "job", 0, revision=OLD, **facts)  # type: ignore[arg-type]


def test_a_pod_that_is_changed_in_part_is_at_neither_revision() -> None:
    whole, half = facts_of(pod(), "job"), facts_of(pod(changing_to=NEW), "job")
    assert f"at:{OLD}" in whole
    assert {fact for fact in half if fact.startswith("at:")} == {"at:"}


def test_a_pod_is_not_ready_while_its_change_in_place_is_not_in_effect() -> None:
    changed = pod(ready=True, in_effect=False)
    assert {"alive", "change_pending"} <= facts_of(changed, "job")
    assert "ready" not in facts_of(changed, "job")
    assert "ready" not in facts_of(pod(ready=True), "job", changing=True)
    assert "ready" in facts_of(pod(ready=True), "job")
