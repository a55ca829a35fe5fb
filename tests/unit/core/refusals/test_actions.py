"""Refused actions on existing objects: repeated with back-off, and shown in the status."""

from __future__ import annotations

from controller.api.update import Phase
from controller.core.decide import decide
from controller.core.model.plan import Prune, RepairPod
from tests.unit.core.sim import World
from tests.values import replace

FROZEN = ("Forbidden", 'pods "web-0" is forbidden: nobody deletes pods today')


def condition(world: World, kind: str) -> tuple[str, str, str]:
    """Status, reason and message of a condition of the Job."""
    found = next(c for c in world.status.conditions if c.type == kind)
    return found.status, found.reason, found.message


def test_a_refused_delete_is_repeated_with_back_off_and_shown_in_the_status() -> None:
    world = World(instances=3).ready()
    world.cluster.denied["delete pod"] = FROZEN
    before = world.uids()
    world.edit(image="app:2")
    world.run(20)
    assert world.cluster.requests["delete pod"] == 5, "after 0, 1, 3, 7 and 15 seconds"
    status = world.update.status
    assert status.reason == "Forbidden"
    assert f"instance 0: cannot delete pod web-0: {FROZEN[1]}" in status.message
    assert "Reconciling" in world.conditions("web-g2")
    world.run(50)
    assert world.conditions("web-g2") == {"Stalled"}
    assert "Stalled" in world.conditions()
    assert status.failures == (), "the old pod still serves, and no new pod was created"
    world.cluster.denied.clear()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.conditions() == {"Ready", "Available"}
    assert not set(before.values()) & set(world.uids().values())


def test_without_an_update_the_job_shows_a_refused_delete_of_surplus_pods() -> None:
    world = World(instances=3).ready()
    world.cluster.denied["delete pod"] = FROZEN
    world.edit(instances=2)
    world.run(20)
    assert world.cluster.requests["delete pod"] == 5
    assert FROZEN[1] in condition(world, "Ready")[2]
    world.run(60)
    assert condition(world, "Stalled")[:2] == ("True", "Forbidden")
    world.cluster.denied.clear()
    world.until(lambda: sorted(world.uids()) == [0, 1])
    world.run(3)
    assert world.conditions() == {"Ready", "Available"}
    assert sorted(world.uids()) == [0, 1]


def test_a_server_that_is_too_busy_needs_no_person() -> None:
    world = World(instances=2).ready()
    world.cluster.denied["delete pod"] = ("Down", "too many requests")
    world.edit(image="app:2")
    world.run(80)
    assert world.conditions("web-g2") == {"Reconciling"}
    assert world.cluster.requests["delete pod"] < 15


def test_a_pod_is_mended_by_one_request() -> None:
    world = World(instances=40).ready()
    for pod in list(world.cluster.pods.values()):
        world.cluster.set_pod(replace(pod, labelled=False))
    world.late.add("pod")
    world.run(3)
    world.late.clear()
    world.run(3)
    assert world.cluster.requests["repair pod"] == 40
    world.quiet()


def test_a_repair_that_is_under_way_is_not_repeated() -> None:
    world = World(instances=3).ready()
    for pod in list(world.cluster.pods.values()):
        world.cluster.set_pod(replace(pod, labelled=False))
    world.operator.deliver("pod")
    world.operator.instances.assume_repaired((1, False), world.pod(1).uid)
    actions = world.operator.decide().actions
    assert [a.instance for a in actions if isinstance(a, RepairPod)] == [0, 2]


def test_nothing_is_created_while_pods_are_being_adopted() -> None:
    world = World(instances=2).ready()
    for pod in list(world.cluster.pods.values()):
        world.cluster.set_pod(replace(pod, owner=""))
    world.kill(1)
    world.wipe_status()
    world.operator.deliver("pod")
    world.operator.deliver("job")
    world.operator.instances.assume_repaired((0, False), world.pod(0).uid)
    planned = world.operator.decide()
    assert (planned.write, planned.actions) == (None, ())


def test_a_job_that_begins_shows_a_refused_adoption() -> None:
    world = World(instances=2).ready()
    for pod in list(world.cluster.pods.values()):
        world.cluster.set_pod(replace(pod, owner=""))
    world.cluster.denied["repair pod"] = ("Forbidden", "pods are frozen")
    world.wipe_status()
    world.run(20)
    assert world.cluster.requests["repair pod"] == 2 * 5
    assert "instance 0: cannot repair pod web-0: pods are frozen" in condition(world, "Ready")[2]
    world.cluster.denied.clear()
    world.ready()


def test_an_object_is_pruned_by_one_request() -> None:
    world = World(instances=1, updateHistoryLimit=0).ready()
    world.cluster.denied["prune"] = ("Forbidden", "audit first")
    world.roll("app:2")
    world.run(20)
    assert world.cluster.requests["prune"] == 5
    assert "cannot delete Update web-g2: audit first" in condition(world, "Ready")[2]
    observed = replace(world.operator.observe(), refused_actions={})
    assert [type(a) for a in decide(observed, world.now).actions] == [Prune]
    under_way = frozenset({world.update.metadata.uid})
    assert decide(replace(observed, pruning=under_way), world.now).actions == ()
    world.cluster.denied.clear()
    world.run(40)
    assert world.cluster.updates == {}
