"""Plays of what is seldom seen: an end with an error, a rollback that waits for a pulse, an update
that a disruption budget holds, and deletions that hang because somebody's finalizer is left."""

from __future__ import annotations

from typing import Final

from hack.chaos.scenario import PATIENCE, at_rest, ended, verb
from hack.chaos.scenarios import with_pulses
from hack.harness.manifests import phase, update
from hack.harness.space import Space

#: Of a program that is not there to remove it.
_FINALIZER: Final = "example.com/archive"


def error(space: Space) -> None:
    """The revision that an Update goes back to is deleted before its instances have it."""
    before = space.job()["status"]["currentRevision"]
    space.set_image("web:2")
    ended(space, "RolledForward")
    space.create(update("back", revision=before, paused=True))
    space.wait_update("RollForwardPaused", name="back", timeout=PATIENCE)
    space.api.delete(space.path("controllerrevisions", before))
    ended(space, "Error", "back")


def pulse_back(space: Space) -> None:
    """A coordinator sends pulses until instance 0 is updated, falls silent, asks for a rollback,
    and sends pulses again."""
    space.set_image("web:2", behaviour="never-ready", instances="1")
    space.wait_update("RollForwardAwaitingPulse", name="web-g2", timeout=PATIENCE)
    with_pulses(space, lambda it: it["status"]["counts"]["updated"] == 1)
    space.wait_update("RollForwardAwaitingPulse", name="web-g2", timeout=PATIENCE)
    verb(space, action="Rollback")
    space.wait_update("RollBackAwaitingPulse", name="web-g2", timeout=PATIENCE)
    with_pulses(space, lambda it: phase(it) == "RolledBack")
    ended(space, "RolledBack")


def held(space: Space) -> None:
    """A disruption budget allows no eviction, until somebody deletes it."""
    path = f"/apis/policy/v1/namespaces/{space.name}/poddisruptionbudgets"
    pods = len(space.pods())
    selector = {"matchLabels": {"echelon.dev/job": "web"}}
    spec = {"minAvailable": pods, "selector": selector}
    space.api.create(path, {"metadata": {"name": "all"}, "spec": spec})

    def known() -> bool:
        found = space.api.get(f"{path}/all")
        return bool(found.get("status", {}).get("currentHealthy") == pods)

    space.cluster.wait("the budget to know its pods", known, PATIENCE)
    space.set_image("web:2")
    space.wait_update(
        "RollingForward",
        name="web-g2",
        probe=lambda it: it["status"]["reason"] == "DisruptionBudget",
        timeout=PATIENCE,
    )
    space.api.delete(f"{path}/all")
    ended(space, "RolledForward")


def hanging(space: Space) -> None:
    """An active Update, later its Job are deleted, and stay for the sake of a finalizer."""
    space.set_image("web:2", behaviour="never-ready", instances="1")
    space.wait_update(
        "RollingForward",
        name="web-g2",
        probe=lambda it: it["status"]["counts"]["updated"] == 1,
        timeout=PATIENCE,
    )
    _hangs(space, "Update", "updates", "web-g2")
    at_rest(space)
    _hangs(space, "EchelonJob", "echelonjobs", "web")
    space.until("the end", lambda: not space.exists("echelonjobs", "web"), PATIENCE)


def _hangs(space: Space, kind: str, plural: str, name: str) -> None:
    path = space.path(plural, name)
    space.api.patch(path, {"metadata": {"finalizers": [_FINALIZER]}})
    space.api.delete(path)

    def seen() -> bool:
        found = space.sightings.get(space.name, kind, name)
        return found is not None and "deletionTimestamp" in found["metadata"]

    space.until(f"the deletion of {kind} {name}", seen, PATIENCE)
    space.api.patch(path, {"metadata": {"finalizers": None}})
