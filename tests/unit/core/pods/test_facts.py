"""The facts that a pod shows."""

from __future__ import annotations

from controller.api.pods.pod import Pod
from controller.core.pods.facts import facts_of
from controller.core.pods.under_way import UnderWay

OLD, NEW = "web-a", "web-b"


def pod(**facts: object) -> Pod:
    return Pod("ns", "web-0", "u0", "web", "job", 0, revision=OLD, **facts)  # type: ignore[arg-type]


def test_a_pod_whose_resize_was_only_announced_is_at_its_old_revision() -> None:
    facts = facts_of(pod(changing_to=NEW), "job")
    assert {fact for fact in facts if fact.startswith("at:")} == {f"at:{OLD}"}


def test_a_pod_is_not_ready_while_its_change_in_place_is_not_in_effect() -> None:
    changed = pod(ready=True, in_effect=False)
    assert {"alive", "change_pending"} <= facts_of(changed, "job")
    assert "ready" not in facts_of(changed, "job")
    assert "ready" not in facts_of(pod(ready=True), "job", UnderWay(changing={pod().uid}))
    assert "ready" in facts_of(pod(ready=True), "job")
