"""Checks of a policy's gates: their size together."""

from __future__ import annotations

from controller.api.gate import Gate
from controller.api.policy import ResolvedPolicy, UpdatePolicy
from controller.core.model import policy
from controller.core.status.size_limit import KEPT, fitted
from controller.core.verdicts.validation import ROOM, refusal, size
from tests.unit.core.sim.world import World
from tests.unit.core.status.test_size_limit import status_of


def gate(name: str, data: str) -> Gate:
    template = {"metadata": {"annotations": {"data": data}}, "spec": {}}
    return Gate.model_validate({"name": name, "job": {"template": template}})


def test_gates_that_are_too_large_together_are_refused_by_the_name_of_the_largest() -> None:
    small, large = gate("small", "x" * 20_000), gate("large", "é" * 20_000)
    assert size(large) > 40_000, "bytes, not characters"
    assert refusal((small, large), "spec.update.gates") is None
    found = refusal((small, large, gate("more", "x" * 10_000)), "spec.update.gates")
    assert found is not None
    reason, message = found
    assert reason == "InvalidGate"
    assert message.startswith("spec.update.gates[large]: this gate has 40")
    assert f"{ROOM} are allowed" in message


def test_a_job_with_too_large_gates_is_not_created_and_says_so() -> None:
    gates = [{"name": "big", "job": {"template": {"x": "y" * ROOM}}}]
    world = World(instances=2, update={"gates": gates})
    world.run(5)
    assert world.conditions() == {"Stalled"}
    assert "spec.update.gates[big]" in world.message("Stalled")


def test_a_status_makes_room_for_its_gates() -> None:
    given = UpdatePolicy.model_validate({"gates": [gate("big", "x" * 60_000).model_dump()]})
    resolved: ResolvedPolicy = policy.resolve(given, None, 3)
    small = fitted(status_of(policy=resolved, message="m" * 1024))
    assert len(small.failures) == 50
    larger = policy.resolve(given.model_copy(update={"gates": given.gates * 2}), None, 3)
    assert len(fitted(status_of(policy=larger)).history) == KEPT
