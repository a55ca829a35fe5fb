"""What befalls single pods, and what people do to single Updates."""

from __future__ import annotations

from typing import Any

from controller.api.pods.pod import Pod, Trouble
from controller.api.policy import PolicyPatch
from controller.api.update import TERMINAL, Action, Update
from tests.unit.core.sim.world import World
from tests.values import replace

FORWARD_ONLY = [Action.PROCEED, Action.ROLLBACK, Action.ABORT]


def hurt(world: World, pod: Pod, how: str) -> None:
    """Something happens to a pod that neither operator nor kubelet wanted."""
    cluster, now = world.cluster, world.cluster.stamp
    trouble = Trouble("Error", "by chance", 1, now)
    alive = pod.deleted is None and not pod.ended
    if pod.owner == "somebody":
        return
    if how == "kill":
        cluster.let_go(pod)
    elif how == "vanish":
        cluster.remove_pod(pod)
    elif how == "labels":
        cluster.set_pod(replace(pod, labelled=False))
    elif how == "owner":
        cluster.set_pod(replace(pod, owner=""))
    elif how == "retouch":
        cluster.set_pod(pod)  # An annotation of somebody else: another resourceVersion.
    elif how == "crash" and alive and pod.in_effect:
        crashed = replace(pod, restarts=pod.restarts + 1, ran=True, trouble=trouble)
        cluster.set_pod(replace(crashed, ready_since=now))
    elif how == "flap" and pod.ready:
        cluster.set_pod(replace(pod, ready_since=now))
    elif how in ("end", "disrupt") and alive:
        ended = replace(pod, phase="Failed", ready=False, ran=True, trouble=trouble)
        cluster.set_pod(replace(ended, disrupted=how == "disrupt"))


def make(world: World, name: str, spec: dict[str, Any], patch: dict[str, Any] | None) -> None:
    """An Update by hand; ``spec`` as `chance.UPDATES` draws it."""
    cluster, given = world.cluster, dict(spec)
    kept = sorted(cluster.revisions)
    if (number := given.pop("revision")) is not None:
        known = kept and number >= 0
        given["revision"] = kept[number % len(kept)] if known else "web-unknown"
    if (parent := given.pop("parent")) is not None:
        current = cluster.job.status.current_revision
        given["parent"] = current if parent == "current" and current else "web-unknown"
    if patch is not None:
        given["policy"] = PolicyPatch.model_validate(patch)
    cluster.user_update(name, **given)


def verb(world: World, update: Update, what: str) -> None:
    """A person's edit of an Update. The API server lets ``action`` move in one direction only."""
    name, generation = update.metadata.name, update.metadata.generation
    edit = world.cluster.user_edit_update
    if what == "pause":
        edit(name, paused=True)
    elif what == "go on":
        edit(name, paused=False)
    elif what == "resume":
        edit(name, resume_token=f"token-{generation}")
    elif what == "say":
        edit(name, message=f"word {generation}")
    else:
        wish = Action(what)
        if FORWARD_ONLY.index(wish) > FORWARD_ONLY.index(update.spec.action):
            edit(name, action=wish)


def at_work(world: World) -> Update | None:
    """An Update that has not ended, the active one first; else the newest that has."""
    updates = list(world.cluster.updates.values())
    held = world.cluster.job.status.active_update
    open_ = [u for u in updates if u.status.phase not in TERMINAL]
    open_.sort(key=lambda u: held is None or u.metadata.uid != held.uid)
    return next(iter(open_), updates[-1] if updates else None)
