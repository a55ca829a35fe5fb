"""Moments in the life of a Job, reached by the operator itself, from which the fuzzer starts.

Beside the Job's own objects there are some that must never be touched: another Job's, and pods of
strangers that have its label or the name of an instance.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Final

from controller.api import labels
from hack.chaos.fuzz_api import JOB, MemoryApi, Object
from hack.chaos.fuzz_world import World

STAGES: Final = (
    "new",
    "made",
    "rolling",
    "paused",
    "back",
    "failed",
    "surging",
    "done",
    "explicit",
    "in order",
    "between groups",
)
#: After the first group the Update waits for longer than any example lasts.
PAUSING: Final[Object] = {
    "type": "Batch",
    "size": 1,
    "pauses": [{"after": 1, "seconds": 3600}, {"after": 2}],
}


def job(name: str = JOB, image: str = "app:1", **update: Any) -> Object:
    return {
        "apiVersion": labels.API_VERSION,
        "kind": "EchelonJob",
        "metadata": {"name": name, "generation": 1},
        "spec": {
            "type": "Service",
            "instances": 3,
            "minReadySeconds": 3,
            "template": {"spec": {"containers": [{"name": "app", "image": image}]}},
            "update": {"readyTimeoutSeconds": 60, **update},
        },
        "status": {"observedGeneration": -1},
    }


def update(name: str, of: str = JOB, **spec: Any) -> Object:
    return {
        "apiVersion": labels.API_VERSION,
        "kind": "Update",
        "metadata": {"name": name, "generation": 1},
        "spec": {"job": of, "action": "Proceed", **spec},
        "status": {"observedGeneration": -1},
    }


def pod(name: str, owner: Object | None, marks: dict[str, str]) -> Object:
    meta: Object = {"name": name, "labels": marks, "annotations": {}}
    if owner:
        meta["ownerReferences"] = [{**owner, "controller": True}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {"containers": [{"name": "app", "image": "theirs:1"}]},
        "status": {"phase": "Running"},
    }


def _strangers(world: World) -> None:
    """Objects that must never be touched."""
    put = world.api.put
    replica_set = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "other", "uid": "rs-1"}
    other = {"apiVersion": labels.API_VERSION, "kind": "EchelonJob", "name": "other", "uid": "j-2"}
    ours = {labels.JOB: JOB, labels.MANAGED_BY: labels.MANAGER}
    put("echelonjobs", {**job("other"), "metadata": {"name": "other", "uid": "j-2"}})
    put("updates", {**update("other-g2", "other"), "status": {"phase": "RollingForward"}})
    put("pods", pod("web-7", None, {}))
    put("pods", pod("web-8", replica_set, {**ours, labels.INSTANCE: "8"}))
    put("pods", pod("web-1-s", replica_set, {}))
    put("pods", pod("other-0", other, {**ours, labels.JOB: "other", labels.INSTANCE: "0"}))
    put("pods", pod("database-0", None, {**ours, labels.INSTANCE: "0"}))


@lru_cache
def stage(name: str) -> MemoryApi:
    """The objects at a moment of the Job's life."""

    async def reach() -> MemoryApi:
        world = World()
        _strangers(world)
        replacement = "Surge" if name == "surging" else "Recreate"
        given = job(replacement=replacement, rollbackOnFailure=name != "failed")
        given["spec"]["update"] |= {"mode": "Manual"} if name == "explicit" else {}
        given["spec"] |= {"ordering": "Ordered"} if name == "in order" else {}
        given["spec"]["update"] |= {"strategy": PAUSING} if name == "between groups" else {}
        world.api.put("echelonjobs", given)
        if name == "new":
            return world.api
        if name == "in order":
            await world.live(1, 1, 4, 1)
            return world.api
        await world.live(1, 1, 4, 4)
        if name == "made":
            return world.api
        image = "app:crash" if name in ("back", "failed") else "app:2"
        world.edit("echelonjobs", JOB, lambda o: o["spec"].update(_image(image)))
        if name == "explicit":
            world.api.put("updates", update("by-hand", instances="0-1"))
        await world.live(1, 1, 4)
        if name == "between groups":
            await world.live(4, 1, 1)
        if name == "paused":
            held = world.api.objects["echelonjobs", JOB]["status"]["activeUpdate"]["name"]
            world.edit("updates", held, lambda o: o["spec"].update(paused=True))
            await world.live(1, 1)
        if name in ("done", "failed"):
            await world.live(*[5] * 12)
        return world.api

    # In a thread of its own, for here a loop may be running.
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(lambda: asyncio.run(reach())).result()


def _image(image: str) -> Object:
    return {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}
