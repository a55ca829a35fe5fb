"""What a scenario is: what users do, and how it ends if nothing disturbs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from hack.harness.manifests import Object, is_true, job
from hack.harness.space import Space

Act = Callable[[Space], object]
#: Seconds in which a step of a scenario must come. A killed operator loses little of them.
PATIENCE = 25.0
#: What scenarios call the replacements.
WAYS: Final = {"recreate": "Recreate", "in-place": "InPlace", "surge": "Surge"}
#: A crash loop whose container does not crash again while the operator is away.
#: (In place, its way back begins with the next restart.)
ONCE: Final = {"backoff": "4s"}

#: A resize that a kill has cut short is announced and made again: its patches are not counted.
RESIZES: Final = ("changes",)


@dataclass(frozen=True, slots=True)
class Scenario:
    """``setup``: before the operator is disturbed. ``play``: returns when the scenario has come to
    its end; raises AssertionError if it does not. ``ignore``: what of the ending depends on how
    quick the operator is. ``least``: nodes are drained, and so many instances must count at any
    moment. ``short``: whether its writes are in the sample of the short form. ``minutes``: how long
    all its tries take, about. ``claims``: volumes are provided."""

    name: str
    setup: Act
    play: Act
    ignore: tuple[str, ...] = ()
    least: int | None = None
    short: bool = True
    minutes: float = 1.0
    claims: bool = False


#: A scenario of the long form alone.
long_only: Final = partial(Scenario, short=False)


def nothing(space: Space) -> None:
    """The setup of a scenario that begins in an empty namespace."""


def made(instances: int = 3, **fields: Any) -> Act:
    """A setup: a Job that is Ready. ``update``: fields of its policy."""
    policy = {"maxFailuresPerInstance": 0, "readyTimeoutSeconds": 0, **fields.pop("update", {})}
    wish = job(instances=instances, update=policy, **fields)
    return lambda space: space.made(wish, timeout=PATIENCE)


def ended(space: Space, phase: str, name: str = "web-g2") -> Object:
    """Wait until an Update has ended so, and its Job is at rest again."""
    found = space.wait_update(phase, name=name, timeout=PATIENCE)
    at_rest(space)
    return found


def at_rest(space: Space) -> Object:
    """Wait until the Job has no Update and is Ready or needs a person."""
    return space.wait_job(
        "at rest",
        lambda it: (
            "activeUpdate" not in it["status"]
            and (is_true(it, "Ready") or is_true(it, "Stalled"))
            and it["status"]["observedGeneration"] == it["metadata"]["generation"]
        ),
        timeout=PATIENCE,
    )


def pods(space: Space, count: int) -> None:
    """Wait until there are so many pods, all Ready."""
    space.until(
        f"{count} pods",
        lambda: [p.ready and not p.deleting for p in seen(space)] == [True] * count,
        PATIENCE,
    )


def seen(space: Space) -> list[Any]:
    """All pods of the namespace, both of a Surge's pair."""
    found: list[Any] = space.sightings.all(space.name, "Pod")
    return found


def uids(space: Space) -> dict[int, str]:
    """The uid of each instance's pod."""
    return {pod.instance: pod.uid for pod in seen(space)}


def runs(space: Space, images: dict[str, set[int]]) -> None:
    """Wait until these instances run these images, all Ready, and there are no other pods."""
    wanted = sorted((image, each) for image, ids in images.items() for each in ids)

    def there() -> bool:
        good = all(pod.ready and not pod.deleting for pod in seen(space))
        return good and sorted((pod.image, pod.instance) for pod in seen(space)) == wanted

    space.until(f"the images {images}", there, PATIENCE)


def kept(space: Space, before: dict[int, str], wanted: set[int]) -> None:
    """Exactly these instances have the pod that they had ``before``."""
    found = {each for each, uid in uids(space).items() if before.get(each) == uid}
    assert found == wanted, f"instances {found} kept their pods, {wanted} must"


def verb(space: Space, name: str = "web-g2", **spec: object) -> None:
    """Edit an Update as a user."""
    space.api.patch(space.path("updates", name), {"spec": spec})
