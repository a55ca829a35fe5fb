"""The scenarios in which labels and annotations of running pods are changed, and the operator is
killed at each of its writes (contract part 2 §3). No pod is replaced, and no container is restarted
but by a new image."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from hack.chaos.holding import HELD, told
from hack.chaos.scenario import (
    PATIENCE,
    RESIZES,
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
#: Its label begins so.
_LABEL: Final = "example.com/with-"
_SMALL: Final[Object] = {"requests": {"cpu": "10m", "memory": "16Mi"}}
_LARGE: Final[Object] = {"requests": {"cpu": "20m", "memory": "16Mi"}}


def metadata_in_place(url: str) -> list[Scenario]:
    """All of them. ``url``: of a server that gates ask; see `Plane.web`."""
    small, large = configured("a", resources=_SMALL), configured("b", resources=_LARGE)
    plain = _made(configured("a"))
    # A pod that is Ready when it is changed is good at once, unless it must be Ready for some time.
    proven = _made(configured("a"), min_ready=2)
    return [
        Scenario("metadata in place", plain, _change),
        long_only("metadata in place, with an image", plain, _change_image),
        long_only("metadata in place, after a resize", _made(small), _change_resources, RESIZES),
        long_only(
            "metadata in place undone, gate fails",
            _gated(url, configured("a")),
            partial(_roll_back, configured("b")),
        ),
        long_only(
            "metadata in place undone, gate fails after a resize",
            _gated(url, small),
            partial(_roll_back, large),
            RESIZES,
        ),
        long_only("metadata in place undone, by hand", proven, _roll_back_by_hand),
        long_only("metadata in place undone, supersede", proven, _supersede),
    ]


def configured(config: str, image: str = "web:1", resources: Object | None = None) -> Object:
    """A template with a configuration, which each instance gets with its number, and with a label
    that is named after it."""
    wish = template(image)
    notes = {CONFIG: f"{config}-{{{{echelon.instance}}}}"}
    wish["metadata"] = {"annotations": notes, "labels": {f"{_LABEL}{config}": "yes"}}
    if resources:
        wish["spec"]["containers"][0]["resources"] = resources
    return wish


def _made(wish: Object, min_ready: int = 0, **update: object) -> Act:
    policy = {"replacement": "InPlace", **update}
    spec = {"strategy": batch(1), "min_ready": min_ready, "template": wish}
    return made(instances=2, update=policy, **spec)


def _gated(url: str, wish: Object) -> Act:
    gates = [{"name": "g", "intervalSeconds": 1, "http": {"url": f"{url}/fail"}}]
    return _made(wish, gates=gates)


def _until(space: Space, before: dict[int, str], config: str, restarts: int = 0) -> None:
    """Wait until each instance has this configuration, and no other's label, and is Ready. It must
    have the pod that it had before, with so many restarts."""
    wanted = {each: (f"{config}-{each}", {f"{_LABEL}{config}"}, restarts) for each in before}

    def there() -> bool:
        ready = [pod for pod in seen(space) if pod.ready]
        return wanted == {
            pod.instance: (pod.annotations.get(CONFIG), _own(pod.labels), pod.restarts)
            for pod in ready
        }

    space.until(f"the configurations {wanted}", there, PATIENCE)
    kept(space, before, set(before))


def _own(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith(_LABEL)}


def _change(space: Space) -> None:
    before = uids(space)
    space.set_template(configured("b"))
    ended(space, "RolledForward")
    _until(space, before, "b")


def _change_image(space: Space) -> None:
    before = uids(space)
    space.set_template(configured("b", image="web:2"))
    ended(space, "RolledForward")
    assert {pod.image for pod in seen(space)} == {"web:2"}
    _until(space, before, "b", restarts=1)


def _change_resources(space: Space) -> None:
    before = uids(space)
    space.set_template(configured("b", resources=_LARGE))
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


def _have(space: Space, resources: Object) -> None:
    """The containers of all pods run with these resources."""
    for instance in uids(space):
        found = space.pod(instance)["status"]["containerStatuses"][0]["resources"]
        assert found == resources, f"instance {instance} runs with {found}"


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
