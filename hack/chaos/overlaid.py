"""The scenarios in which overlays make instances differ, so that Updates relabel some of them, and
the operator is killed at each of its writes (contract part 2 §2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hack.chaos.holding import HELD, hold_after
from hack.chaos.scenario import (
    PATIENCE,
    Scenario,
    at_rest,
    ended,
    kept,
    long_only,
    made,
    pods,
    uids,
    verb,
)
from hack.harness.manifests import Object, sim
from hack.harness.space import Space

_WAYS: Final = {"recreate": "Recreate", "in-place": "InPlace", "surge": "Surge"}
#: The container does not crash again while the operator is away.
_CRASHES: Final = sim(behaviour="crash-loop", backoff="4s")


def overlaid() -> list[Scenario]:
    """All of them."""
    some = overlay("some", "1", image="web:2")
    updates = [
        Scenario(
            f"overlays, {way}",
            made(update={"replacement": kind}),
            _update,
            short=way == "recreate",
        )
        for way, kind in _WAYS.items()
    ]
    return [
        *updates,
        long_only("overlays, an overlay goes", made(overlays=[some]), _remove),
        long_only("overlays, nothing differs", made(), _nothing_differs),
        long_only("overlays, fail and roll back", made(), _fail),
        long_only("overlays, roll back by hand at the end", made(), _undo),
        long_only("overlays, supersede", made(), _supersede),
        long_only("overlays, scale", made(overlays=[some]), _scale),
        long_only("overlays, frozen ids", made(frozen="2"), _frozen),
    ]


def overlay(
    name: str, ids: str, image: str = "web:1", annotations: Mapping[str, str] = {}
) -> Object:
    """Another image, and other annotations, for these instances."""
    containers = [{"name": "web", "image": image}]
    patch: dict[str, Any] = {"spec": {"containers": containers}}
    if annotations:
        patch["metadata"] = {"annotations": dict(annotations)}
    return {"name": name, "instances": ids, "patch": patch}


def _overlaid(space: Space, *overlays: Object) -> None:
    space.patch_job(overlays=list(overlays))


def _relabelled(
    space: Space, count: int, name: str = "web-g2", phase: str = "RolledForward"
) -> None:
    """The Update ends so, and has relabelled so many instances; all are at its revision."""
    update = ended(space, phase, name)
    found = update["status"]["counts"]["relabelled"]
    assert found == count, f"{name} counts {found} relabelled instances"
    if phase == "RolledForward":
        _labelled(space, update["status"]["to"]["revision"])


def _labelled(space: Space, revision: str) -> None:
    space.until(
        f"all pods to be at {revision}",
        lambda: {pod.revision for pod in space.pods().values()} == {revision},
        PATIENCE,
    )


def _update(space: Space) -> None:
    before = uids(space)
    _overlaid(space, overlay("some", "1", image="web:2"))
    _relabelled(space, 2)
    in_place = space.job()["spec"]["update"].get("replacement") == "InPlace"
    kept(space, before, {0, 1, 2} if in_place else {0, 2})
    pods(space, 3)


def _remove(space: Space) -> None:
    before = uids(space)
    _overlaid(space)
    _relabelled(space, 2)
    kept(space, before, {0, 2})


def _nothing_differs(space: Space) -> None:
    before = uids(space)
    _overlaid(space, overlay("later", "7", image="web:2"))
    _relabelled(space, 3)
    kept(space, before, {0, 1, 2})


def _fail(space: Space) -> None:
    before = uids(space)
    old = space.job()["status"]["currentRevision"]
    _overlaid(space, overlay("bad", "1", image="web:2", annotations=_CRASHES))
    ended(space, "RolledBack")
    kept(space, before, {0, 2})
    _labelled(space, old)


def _undo(space: Space) -> None:
    """Instance 0 is done, instance 1 waits, 2 would be relabelled."""
    before = uids(space)
    old = space.job()["status"]["currentRevision"]
    hold_overlaid(space)
    verb(space, action="Rollback")
    ended(space, "RolledBack")
    kept(space, before, {2})
    _labelled(space, old)


def hold_overlaid(space: Space) -> None:
    """Begin an Update of instances 0 and 1 that stops at instance 1."""
    never = overlay("some", "0-1", "web:2", sim(**HELD))
    hold_after(space, lambda: _overlaid(space, never))


def _supersede(space: Space) -> None:
    before = uids(space)
    hold_overlaid(space)
    _overlaid(space, overlay("other", "2", image="web:3"))
    space.wait_update("Superseded", name="web-g2", timeout=PATIENCE)
    ended(space, "RolledForward", "web-g3")
    # Instance 0 is back at what it was, in a pod of its own; 1 went back, too.
    kept(space, before, set())
    pods(space, 3)


def _scale(space: Space) -> None:
    """New instances have their overlays at once."""
    before = uids(space)
    space.scale(5)
    at_rest(space)
    pods(space, 5)
    _overlaid(space, overlay("some", "1,4", image="web:2"))
    _relabelled(space, 4, "web-g3")
    kept(space, before, {0, 1, 2})


def _frozen(space: Space) -> None:
    """A frozen instance is not relabelled either, until it is thawed."""
    before = uids(space)
    _overlaid(space, overlay("some", "1", image="web:2"))
    update = ended(space, "RolledForward")
    assert update["status"]["counts"]["relabelled"] == 1
    space.patch_job(frozen=None)
    _relabelled(space, 1, "web-g3")
    kept(space, before, {0, 2})
