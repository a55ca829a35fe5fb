"""Moves at odd moments: past the deadline as a group opens, marks that are lifted or changed in the
middle, two agreements, what an Update, an eviction or a lost node has in work."""

from __future__ import annotations

import pytest

from controller.api.ids import NONE, Ids
from controller.api.pods.move import Move
from controller.api.pods.pod import Trouble
from controller.api.update import Action, Phase
from controller.core.decide import decide
from controller.core.model.observed import Node, Observed
from controller.core.model.plan import DeletePod, Plan
from tests.unit.core.replacement.test_moves import SURGE, left, moved, told, world_of
from tests.unit.core.sim.drain import lift, mark
from tests.values import replace

ONE = {"type": "Batch", "size": 1}
ALL = {"type": "Batch", "size": 4}


@pytest.mark.parametrize("how", ["Recreate", "InPlace"])
def test_overdue_when_its_group_starts(how: str) -> None:
    world, _ = world_of(update={"replacement": how, "strategy": ALL})
    world.edit(image="app:2")
    mark(world.cluster, 3, deadline=world.now - 1)
    world.until_ended(600)
    world.until(moved(world), 600)


def test_overdue_in_a_rollback() -> None:
    world, _ = world_of(update={"strategy": ALL})
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 4)
    world.run(1)
    mark(world.cluster, 1, deadline=world.now - 1)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ROLLBACK)
    world.until_ended(600)


def test_the_delete_at_the_deadline_was_refused_once() -> None:
    world, _ = world_of(update={"strategy": ALL})
    world.cluster.denied["delete pod"] = ("Forbidden", "a webhook is down")
    mark(world.cluster, 0)  # moves first, so that 3 waits for its deadline
    world.behave(instance=0, ready=None)
    mark(world.cluster, 3, deadline=world.now + 20)
    world.run(21)
    world.edit(image="app:2")
    world.behave(instance=0, ready=2.0)
    world.run(0.5)
    world.cluster.denied.clear()
    world.until_ended(900)


def test_marks_lifted_while_old_pods_wait() -> None:
    world, _ = world_of(update=SURGE, sla={"minAvailable": "100%", "durationSeconds": 300})
    mark(world.cluster, 0, 1, 2, 3)
    world.run(60)
    lift(world.cluster)
    low = list[int]()

    def look() -> None:
        seen = world.operator.observe().view
        low.append(len(seen.counting | seen.twin.counting))

    world.after_step = look
    world.run(30)
    assert min(low) >= 3, (min(low), world.cluster.writes[-12:])


def test_overdue_and_sla_in_one_decision() -> None:
    world, ready = world_of(sla={"minAvailable": 3})
    mark(world.cluster, 0, deadline=world.now)
    mark(world.cluster, 1)
    world.run(300)
    assert min(ready) >= 3


def test_overdue_and_update_in_one_decision() -> None:
    world, _ = world_of(
        sla={"minAvailable": 3},
        update={"slaAware": True, "maxUnavailable": 1, "strategy": ONE},
    )
    two, flag = list[list[str]](), list[int]()

    def dec(seen: Observed, now: float) -> Plan:
        plan = decide(seen, now)
        gone = [a.name for a in plan.actions if isinstance(a, DeletePod)]
        two.extend([gone] if len(gone) > 1 else [])
        return plan

    def look() -> None:
        if (
            world.cluster.updates
            and world.update.status.batch
            and not flag
            and len(world.status.assigned) == 2
        ):
            flag.append(1)
            mark(world.cluster, 3, deadline=world.now - 1)

    world.decide, world.after_step = dec, look
    world.edit(image="app:2")
    world.until_ended()
    assert flag
    assert not two, two


def test_surge_to_recreate_takes_two_in_one_decision() -> None:
    world, _ = world_of(update=SURGE, sla={"minAvailable": 3, "durationSeconds": 50})
    mark(world.cluster, 0)
    flipped = list[int]()

    def look() -> None:
        if world.status.slots and not flipped:
            flipped.append(1)
            world.edit(replacement="Recreate")
            mark(world.cluster, 2)

    world.after_step = look
    world.run(30)


def test_a_maintenance_sla_of_duration_only() -> None:
    world, ready = world_of()
    mark(world.cluster, 0, 1, 2, 3, sla={"durationSeconds": 60})
    world.run(2)
    assert min(ready) >= 3, min(ready)


def test_of_two_maintenances_one_has_no_sla() -> None:
    world, ready = world_of()
    mark(world.cluster, 0, 1, 2)
    mark(world.cluster, 3, sla={"minAvailable": 0})
    world.run(2)
    assert min(ready) >= 3, min(ready)


def test_a_stale_any_node_blocks_moves_for_good() -> None:
    world, _ = world_of(update={"strategy": ONE})
    world.behave(image="app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: bool(world.images_of("app:2")))
    world.cluster.nodes[""] = Node(ready=False)
    world.cluster.set_pod(
        replace(world.pod(2), ready=False, trouble=Trouble("NodeNotReady", "x", at=world.now))
    )
    world.run(15)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)
    world.until_ended()
    world.kubelet.steering.clear()
    world.cluster.nodes.clear()
    world.cluster.set_pod(replace(world.pod(2), ready=True, trouble=None, ready_since=world.now))
    world.kill(0)
    world.run(60)
    mark(world.cluster, 1)
    world.run(3600)
    assert left(world) == NONE, told(world)


def test_old_pod_of_an_updates_surge_past_its_deadline() -> None:
    world, _ = world_of(update={"replacement": "Surge", "slaAware": True, "strategy": ONE})
    world.cluster.put_budget("theirs", 9)
    world.edit(image="app:2")
    world.until(lambda: len(world.cluster.pods) == 5)
    world.run(30)
    uid = world.pod(0).uid
    mark(world.cluster, 0, deadline=world.now + 50)
    world.run(200)
    assert uid not in {p.uid for p in world.cluster.pods.values()}


def test_new_pod_of_a_paused_surge_past_its_deadline() -> None:
    world, _ = world_of(update={"replacement": "Surge", "strategy": ONE})
    world.behave(image="app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: "web-0-s" in world.cluster.pods)
    world.cluster.user_edit_update(world.update.metadata.name, paused=True)
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    world.run(3)
    pod = world.cluster.pods["web-0-s"]
    world.cluster.set_pod(replace(pod, move=Move("rack-7/u", world.now + 50)))
    world.run(200)
    assert pod.uid not in {p.uid for p in world.cluster.pods.values()}


def test_max_unavailable_sees_evictions_under_way() -> None:
    world, _ = world_of(update={"maxUnavailable": 1})
    mark(world.cluster, 0, 1, sla={"minAvailable": 1})
    world.deliver()
    first = [
        a for a in decide(world.operator.observe(), world.now).actions if isinstance(a, DeletePod)
    ]
    assert [a.instance for a in first] == [0]
    world.operator.instances.assume_evicting((0, False), first[0].uid)
    again = decide(world.operator.observe(), world.now)
    assert [a.instance for a in again.actions if isinstance(a, DeletePod)] == []


def test_so_does_an_update() -> None:
    world, _ = world_of(update={"maxUnavailable": 1, "strategy": ONE})
    world.edit(image="app:2")
    world.until(
        lambda: bool(world.cluster.updates) and len(world.update.status.instances.updated) == 2
    )
    found = list[tuple[str, str]]()

    def dec(seen: Observed, now: float) -> Plan:
        plan = decide(seen, now)
        down = seen.view.evicting | (Ids.span(0, 4) - seen.view.good)
        new = Ids(a.instance for a in plan.actions if isinstance(a, DeletePod))
        found.extend([(str(down), str(new))] if new and len(down | new) > 1 else [])
        return plan

    world.decide, world.careful = dec, False
    pod = world.pod(0)
    world.cluster.set_pod(replace(pod, move=Move("rack-7/u")))
    world.deliver()
    world.operator.instances.assume_evicting((0, False), pod.uid)
    world.run(30)
    assert not found, found


def test_failed_ids_do_not_count_for_max_unavailable() -> None:
    world, _ = world_of(
        sla={"minAvailable": 1},
        update={
            "strategy": ONE,
            "maxUnavailable": 1,
            "maxFailedInstances": 1,
            "readyTimeoutSeconds": 30,
        },
    )
    world.behave(image="app:2", instance=0, ready=None)
    world.edit(image="app:2")
    world.until(
        lambda: (
            bool(world.cluster.updates)
            and bool(world.update.status.instances.failed)
            and bool(world.update.status.instances.updated)
        )
    )
    world.cluster.user_edit_update(world.update.metadata.name, paused=True)
    world.run(20)
    mark(world.cluster, *world.update.status.instances.updated)
    world.run(300)
    assert left(world) == NONE, told(world)


@pytest.mark.parametrize("why", ["pending", "quota"])
def test_what_a_successor_waits_for_is_said(why: str) -> None:
    world, _ = world_of(update=SURGE)
    if why == "quota":
        world.cluster.quota = 4
    world.behave(instance=0, ready=None)
    mark(world.cluster, 0)
    world.run(120)
    said = told(world)[1].lower()
    assert ("quota" if why == "quota" else "its new pod web-0-s is not available yet") in said
