"""The scenarios in which labels and annotations of running pods are changed, and the operator is
killed at each of its writes (contract part 2 §3). No pod is replaced, and no container is restarted
but by a new image."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from hack.chaos.holding import HELD, told
from hack.chaos.scenario import (
    PATIENCE,
    Act,
    Scenario,
    ended,
    kept,
    long_only,
    made,
    seen,
    uids,
    verb,
)
from hack.harness.manifests import Object, batch, sim, template
from hack.harness.space import Space

#: The annotation of the template from which the process reads its configuration.
CONFIG: Final = "example.com/config"
_SMALL: Final = {"resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}
_LARGE: Final = {"resources": {"requests": {"cpu": "20m", "memory": "16Mi"}}}
_IN_PLACE: Final = {"replacement": "InPlace"}


def metadata_in_place(url: str) -> list[Scenario]:
    """All of them. ``url``: of a server that gates ask; see `Plane.web`."""
    plain, sized = made(update=_IN_PLACE, template=configured("a")), configured("a", **_SMALL)
    # A resize that a kill has cut short is announced and made again: its patches are not counted.
    resizes = ("changes",)
    return [
        Scenario("metadata in place", plain, _change),
        long_only("metadata in place, with an image", plain, _change_image),
        long_only(
            "metadata in place, after a resize",
            made(update=_IN_PLACE, template=sized),
            _change_resources,
            resizes,
        ),
        long_only(
            "metadata in place, gate fails",
            _gated(url, configured("a")),
            partial(_roll_back, configured("b", track="next")),
        ),
        long_only(
            "metadata in place, gate fails after a resize",
            _gated(url, sized),
            partial(_roll_back, configured("b", **_LARGE)),
            resizes,
        ),
        long_only("metadata in place, roll back by hand", plain, _roll_back_by_hand),
        long_only("metadata in place, supersede", plain, _supersede),
    ]


def configured(config: str, *, image: str = "web:1", track: str = "", **container: Any) -> Object:
    """A template with a configuration, which each instance gets with its number. ``track``: a
    label; ``container``: fields of its container."""
    wish = template(image)
    notes = {CONFIG: f"{config}-{{{{echelon.instance}}}}"}
    wish["metadata"] = {"annotations": notes, "labels": {"track": track} if track else {}}
    wish["spec"]["containers"][0] |= container
    return wish


def _gated(url: str, wish: Object) -> Act:
    gates = [{"name": "g", "intervalSeconds": 1, "http": {"url": f"{url}/fail"}}]
    return made(strategy=batch(2), update={**_IN_PLACE, "gates": gates}, template=wish)


def _until(
    space: Space, before: dict[int, str], config: str, track: str = "", restarts: int = 0
) -> None:
    """Wait until each instance has this configuration and is Ready. It must have the pod that it
    had before, with so many restarts."""
    wanted = {(each, f"{config}-{each}", track or None, restarts) for each in before}
    found = set[tuple[int, str | None, str | None, int]]()

    def there() -> bool:
        found.clear()
        found.update(
            (p.instance, p.annotations.get(CONFIG), p.labels.get("track"), p.restarts)
            for p in seen(space)
            if p.ready
        )
        return found == wanted

    space.until(f"{wanted}, and not {found}", there, PATIENCE)
    kept(space, before, set(before))


def _change(space: Space) -> None:
    """An annotation is changed, a label comes and goes."""
    before = uids(space)
    space.set_template(configured("b", track="next"))
    ended(space, "RolledForward")
    _until(space, before, "b", track="next")
    space.set_template(configured("c"))
    ended(space, "RolledForward", "web-g3")
    _until(space, before, "c")


def _change_image(space: Space) -> None:
    before = uids(space)
    space.set_template(configured("b", image="web:2"))
    ended(space, "RolledForward")
    assert {pod.image for pod in seen(space)} == {"web:2"}
    _until(space, before, "b", restarts=1)


def _change_resources(space: Space) -> None:
    before = uids(space)
    space.set_template(configured("b", **_LARGE))
    ended(space, "RolledForward")
    _until(space, before, "b")
    _have(space, _LARGE)


def _roll_back(wish: Object, space: Space) -> None:
    """The gate fails after the first group."""
    before = uids(space)
    space.set_template(wish)
    ended(space, "RolledBack")
    _until(space, before, "a")
    if "resources" in wish["spec"]["containers"][0]:
        _have(space, _SMALL)


def _have(space: Space, container: Object) -> None:
    """All pods have these resources, in what runs too."""
    for instance in uids(space):
        status = space.pod(instance)["status"]["containerStatuses"][0]
        found = {kind: status["resources"].get(kind) for kind in container["resources"]}
        assert found == container["resources"], f"instance {instance} runs with {found}"


def _hold(space: Space) -> None:
    """Begin an Update that stops at instance 1: by its new annotation that is not Ready."""
    wish = configured("b")
    wish["metadata"]["annotations"] |= sim(**HELD)
    space.set_template(wish)
    space.until(
        "the change of instance 1",
        lambda: any(p.instance == 1 and not p.ready for p in seen(space)),
        PATIENCE,
    )
    told(space, updated={0}, updating={1})


def _roll_back_by_hand(space: Space) -> None:
    before = uids(space)
    _hold(space)
    verb(space, action="Rollback")
    ended(space, "RolledBack")
    _until(space, before, "a")


def _supersede(space: Space) -> None:
    before = uids(space)
    _hold(space)
    space.set_template(configured("c"))
    space.wait_update("Superseded", name="web-g2", timeout=PATIENCE)
    ended(space, "RolledForward", "web-g3")
    _until(space, before, "c")
