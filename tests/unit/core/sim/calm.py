"""All disturbances stop: then every Update ends, everything is good, and nothing is written."""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.update import ACTIVE, TERMINAL, Update
from controller.core.model import assigned as asg
from controller.core.status.pausing import GATE_INCONCLUSIVE
from tests.unit.core.sim import claims, pauses
from tests.unit.core.sim.drain import lift
from tests.unit.core.sim.world import World
from tests.values import replace

#: Simulated seconds within which whatever is not held up has ended.
BOUND = 20_000.0
#: Seconds between two looks of whoever gives pulses and tokens.
LOOK = 2.0


def calm(world: World) -> None:
    """To the end of it all. What is bad stays so until the Updates have ended: only then instances
    are mended, for one that is out of the Update may hold it by ``maxUnavailable``."""
    cluster = world.cluster
    world.soothe()
    lift(cluster)
    claims.soothe(cluster)
    cluster.annotate(expected_parent=None)
    cluster.quota = None
    # While creates are refused, `maxUnavailable` may rightly wait for ids out of the update.
    cluster.bad_images.clear()
    cluster.answers.clear()
    world.restart()
    _nodes_let_go(world)
    brought_up_while_standing(world)
    _end(world, excused=True)
    world.kubelet.steering.clear()
    _end_within(world, 400.0)
    for pod in list(cluster.pods.values()):
        # Without the Job's label no watch shows a pod, and no create meets the name of an id that
        # a scale removed.
        unseen = not pod.labelled and pod.instance not in world.observer.intended
        if not pod.ready or not pod.in_effect or unseen:
            cluster.remove_pod(pod)
    _end(world, excused=False)
    _end_within(world, 2_000.0)
    good(world)
    world.quiet()


def good(world: World) -> None:
    """No Update is left, and each instance has one pod, in its slot, at its revision, Ready."""
    cluster, status = world.cluster, world.status
    assert all(u.status.phase in TERMINAL for u in cluster.updates.values()), world.story()
    assert status.active_update is None
    intended = world.observer.intended
    assert status.instances_in_force == len(intended) == len(cluster.pods), world.story()
    assert intended == Ids.span(0, len(intended)), world.story()
    beside = Ids(p.instance for p in cluster.pods.values() if p.surge)
    assert status.slots & intended == beside, world.story()
    for pod in cluster.pods.values():
        assigned = asg.revision_of(world.observer.assigned, pod.instance)
        assert pod.revision == assigned, world.story()
        assert pod.ready, world.story()
        assert pod.in_effect, world.story()
    if status.instances_refused is None:
        assert status.instances_in_force == cluster.job.spec.instances, world.story()


def brought_up_while_standing(world: World) -> None:
    """While an Update is paused or waits for a pulse, what is down is brought up all the same, and
    no new replacement starts (that the observer sees). Longer than any back-off."""
    world.run(1)
    if not any(_stands(u) for u in world.cluster.updates.values()):
        return
    world.run(650, lambda: not any(_stands(u) for u in world.cluster.updates.values()))
    there = Ids(p.instance for p in world.cluster.pods.values())
    for update in world.cluster.updates.values():
        if _stands(update) and update.status.to is not None:
            # Those that it creates come in their turn.
            new = update.status.to.instances - asg.ids_of(asg.read(update.status.from_))
            assert world.observer.intended - new <= there, world.story()


def nudge(world: World) -> None:
    """Whoever coordinates gives pulses; whoever paused goes on; a held batch gets its token."""
    for name, update in list(world.cluster.updates.items()):
        if update.status.phase in TERMINAL:
            continue
        edit, policy = world.cluster.user_edit_update, update.status.policy
        edit(name, paused=False)
        # A pause that has an end comes to it by itself.
        undecided = _stands(update) and update.status.reason == GATE_INCONCLUSIVE
        if undecided or pauses.stands(update):
            edit(name, resume_token=f"go {update.metadata.generation}")
        if policy is not None and policy.pulse_interval_seconds is not None:
            world.cluster.pulse(name)


def _end(world: World, excused: bool) -> None:
    until = world.now + BOUND
    while not _over(world, excused):
        assert world.now < until, f"no end\n{world.story()}"
        nudge(world)
        world.run(LOOK, lambda: _over(world, excused))


def _end_within(world: World, seconds: float) -> None:
    """So long time passes; what starts meanwhile is nudged."""
    until = world.now + seconds
    while world.now < until:
        nudge(world)
        open_ = not _over(world, False)
        world.run(LOOK if open_ else min(60.0, until - world.now))


def _over(world: World, excused: bool) -> bool:
    updates = world.cluster.updates.values()
    return all(u.status.phase in TERMINAL or (excused and _excused(u)) for u in updates)


def _excused(update: Update) -> bool:
    """Held by ``maxUnavailable``, or by an instance that may take for ever to become good."""
    status = update.status
    if status.phase not in ACTIVE or status.policy is None or _stands(update):
        return False
    waits = status.instances.updating | status.instances.rolling_back
    for_ever = status.policy.ready_timeout_seconds == 0
    return status.reason == "MaxUnavailable" or (
        for_ever and (bool(waits) or status.reason == "InstanceNotReady")
    )


def _stands(update: Update) -> bool:
    return "Paused" in update.status.phase or "Awaiting" in update.status.phase


def _nodes_let_go(world: World) -> None:
    """Pods that do not end are let go. What the kubelet refuses before a container ran is no
    failure: it would be waited for."""
    for pod in list(world.cluster.pods.values()):
        stranger = pod.owner not in ("", world.cluster.job.metadata.uid)
        if stranger or pod.deleted is not None:
            world.kubelet.release(pod)
    steering = world.kubelet.steering
    world.kubelet.steering = {
        who: replace(how, stop=how.stop if how.stop is not None else 1.0)
        for who, how in steering.items()
        if how.ran
    }
