"""Updates that stop at an instance, so that a person can act in their midst."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hack.chaos.scenario import PATIENCE, Act, seen
from hack.harness.manifests import SIM, Object, ids
from hack.harness.space import Space

#: Instance 1 is never Ready at the new template, until `release`.
HELD: Final = {"behaviour": "never-ready", "instances": "1"}


def holding(way: str) -> Act:
    return hold_in_place if way == "in-place" else hold


def hold(space: Space) -> None:
    """Begin an Update that stops at instance 1."""
    hold_after(space, lambda: space.set_image("web:2", **HELD))


def hold_after(space: Space, begin: Callable[[], object]) -> None:
    """The same after another change to `web:2`, with `HELD`."""
    begin()
    space.until("the pod of instance 1", lambda: _held_pod(space), PATIENCE)
    told(space, updated={0}, updating={1})


def _held_pod(space: Space) -> str:
    found = [p.name for p in seen(space) if p.instance == 1 and p.image == "web:2"]
    return found[0] if found else ""


def release(space: Space) -> None:
    space.patch_pod(_held_pod(space), annotations={f"{SIM}/behaviour": "ready"})


def hold_in_place(space: Space) -> None:
    """Begin an Update that stops at instance 0."""
    space.set_image("web:2-never-ready")
    space.until(
        "the change of instance 0",
        lambda: any(p.image == "web:2-never-ready" and not p.ready for p in seen(space)),
        PATIENCE,
    )
    told(space, updating={0})


def told(space: Space, **sets: set[int]) -> None:
    """Wait until the Update says so of its instances: if it is superseded, that stays so."""

    def said(update: Object) -> bool:
        found = update["status"].get("instances", {})
        return all(ids(found.get(name, "")) == wanted for name, wanted in sets.items())

    space.wait_update("RollingForward", name="web-g2", probe=said, timeout=PATIENCE)
