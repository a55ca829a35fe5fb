"""The built-in gate: interruptions of updated instances against those of other instances."""

from __future__ import annotations

from hack.harness.manifests import batch, ids, sim
from hack.harness.space import Space
from tests.integration.gates.manifests import gate, gated, state, turn

#: So many restarts are tolerated that contract rule 6 does not end the Update first.
TOLERANT = {"maxFailuresPerInstance": 100}


def test_updated_instances_that_crash_again_and_again_roll_back(space: Space) -> None:
    watching = gate("health", scope="Continuous", builtin={})
    space.made(gated(watching, instances=4, strategy=batch(2), **TOLERANT))
    space.set_image("web:2", behaviour="crash-loop", backoff="500ms", instances="0")
    ended = space.wait_update("RolledBack", "RolledForward", timeout=60)
    assert ended["status"]["phase"] == "RolledBack"
    said = turn(ended, "RollingBack")
    assert said["reason"] == "GateFailed"
    assert "gate health failed: " in said["message"]
    assert "interruptions of" in said["message"]
    assert "0 of " in said["message"]
    assert {len(uids) for i, uids in space.observer.uids().items() if i > 1} == {1}


def test_one_that_crashes_after_its_group_was_good_is_seen_before_the_next(space: Space) -> None:
    health = gate("health", builtin={}, initialDelaySeconds=5)
    space.made(gated(health, instances=4, strategy=batch(2), **TOLERANT))
    space.set_image("web:2")
    space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["counts"]["updated"] == 2, timeout=40
    )
    space.patch_pod("web-1", annotations=sim(behaviour="crash", trigger="now"))
    ended = space.wait_update("RolledBack", "RolledForward", timeout=60)
    assert ended["status"]["phase"] == "RolledBack"
    assert "of 2 updated instances, 0 of 2 others" in turn(ended, "RollingBack")["message"]
    assert ids(ended["status"]["instances"]["rolledBack"]) == {0, 1}


def test_when_the_others_crash_as_well_the_update_is_held(space: Space) -> None:
    health = gate("health", builtin={}, initialDelaySeconds=4, timeoutSeconds=3)
    space.made(gated(health, instances=4, strategy=batch(2), **TOLERANT))
    space.set_image("web:2")
    space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["counts"]["updated"] == 2, timeout=40
    )
    for instance in range(4):
        space.patch_pod(f"web-{instance}", annotations=sim(behaviour="crash", trigger="now"))
    held = space.wait_update("RollForwardPaused", "RolledBack", timeout=60)
    assert held["status"]["phase"] == "RollForwardPaused"
    assert "the update is not the cause" in held["status"]["message"]
    space.api.patch(space.path("updates", "web-g2"), {"spec": {"action": "Abort"}})
    space.wait_update("Aborted")


def test_interruptions_of_the_old_version_do_not_count_for_the_new_one(space: Space) -> None:
    """The Update is the cure: old instances crash, updated ones do not."""
    health = gate("health", scope="Continuous", builtin={})
    wish = gated(health, gate("hold", builtin={}, initialDelaySeconds=2), instances=3, **TOLERANT)
    space.made(wish)
    space.set_image("web:2")
    space.wait_update("RollingForward", probe=lambda u: state(u, "hold") != {}, timeout=40)
    for instance in range(1, 3):
        space.patch_pod(f"web-{instance}", annotations=sim(behaviour="crash", trigger="now"))
    ended = space.wait_update("RolledForward", "RolledBack", timeout=60)
    assert ended["status"]["phase"] == "RolledForward"
    assert "GateFailed" not in {event["reason"] for event in space.events("web-g2")}


def test_instances_without_interruptions_pass(space: Space) -> None:
    space.made(gated(gate(builtin={}), instances=4, strategy=batch(2)))
    ended = space.roll("web:2", timeout=40)
    assert ended["status"]["phase"] == "RolledForward"
    assert state(ended)["message"].startswith("NoBaseline")
