"""The scenarios in which the operator is killed at each of its writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from hack.chaos.claimed import claimed
from hack.chaos.drains import drains
from hack.chaos.frozen_ids import frozen_ids
from hack.chaos.holding import hold, holding, release
from hack.chaos.metadata_in_place import metadata_in_place
from hack.chaos.overlaid import overlaid
from hack.chaos.provenance import provenance
from hack.chaos.runs import of_runs
from hack.chaos.scenario import (
    ONCE,
    PATIENCE,
    RESIZES,
    WAYS,
    Act,
    Scenario,
    at_rest,
    ended,
    long_only,
    made,
    nothing,
    pods,
    seen,
    verb,
)
from hack.harness.manifests import Object, batch, job, phase, template, update
from hack.harness.space import Space


def _create(space: Space) -> None:
    space.create(job(instances=4))
    space.wait_ready(timeout=PATIENCE)


def _create_in_order(space: Space) -> None:
    space.create(job(instances=3, ordering="Ordered"))
    space.wait_ready(timeout=PATIENCE)
    pods(space, 3)


def _update(space: Space) -> None:
    space.set_image("web:2")
    ended(space, "RolledForward")


def _resize(space: Space) -> None:
    wish = template()
    wish["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "20m", "memory": "16Mi"}}
    space.set_template(wish)
    ended(space, "RolledForward")


def _fail(space: Space) -> None:
    space.set_image("web:2", behaviour="crash-loop", instances="1", **ONCE)
    ended(space, "RolledBack")


def _fail_in_place(space: Space) -> None:
    space.set_image("web:2-crash-loop", **ONCE)
    ended(space, "RolledBack")


def _fail_once(space: Space) -> None:
    space.set_image("web:2", behaviour="crash", crash_after="100ms")
    ended(space, "RolledForward")


def _supersede(hold: Act, space: Space) -> None:
    hold(space)
    space.set_image("web:3")
    space.wait_update("Superseded", name="web-g2", timeout=PATIENCE)
    ended(space, "RolledForward", "web-g3")


def _scale(count: int, space: Space) -> None:
    space.scale(count)
    at_rest(space)
    pods(space, count)


def _scale_midway(count: int, space: Space) -> None:
    hold(space)
    space.scale(count)
    space.wait_job(
        "the scale", lambda it: it["status"].get("instancesInForce") == count, timeout=PATIENCE
    )
    release(space)
    ended(space, "RolledForward")
    pods(space, count)


def _verb(action: str, end: str, hold: Act, space: Space) -> None:
    hold(space)
    verb(space, action=action)
    ended(space, end)


def _pause(space: Space) -> None:
    hold(space)
    verb(space, paused=True)
    space.wait_update("RollForwardPaused", name="web-g2", timeout=PATIENCE)
    verb(space, paused=False)
    space.wait_update("RollingForward", name="web-g2", timeout=PATIENCE)
    release(space)
    ended(space, "RolledForward")


def _step_by_step(space: Space) -> None:
    space.set_image("web:2")
    space.wait_update(
        "RollForwardPaused",
        name="web-g2",
        probe=lambda u: u["status"]["reason"] == "AutoPaused",
        timeout=PATIENCE,
    )
    verb(space, resumeToken="go")
    ended(space, "RolledForward")


def _pulse(space: Space) -> None:
    space.set_image("web:2")
    space.wait_update("RollForwardAwaitingPulse", name="web-g2", timeout=PATIENCE)

    with_pulses(space, lambda it: phase(it) == "RolledForward")
    ended(space, "RolledForward")


def with_pulses(space: Space, probe: Callable[[Object], bool]) -> None:
    """Send pulses all the time until ``probe`` is true for the Update `web-g2`."""

    def pulsed() -> bool:
        moment = datetime.now(UTC).replace(microsecond=0).isoformat()
        marks = {"metadata": {"annotations": {"echelon.dev/pulsed-at": moment}}}
        space.api.patch(space.path("updates", "web-g2"), marks)
        return probe(space.update("web-g2"))

    space.cluster.wait("an Update with a pulse all the time", pulsed, 3 * PATIENCE)


def _by_hand(space: Space) -> None:
    space.set_image("web:2")
    for name, fields in (("canary", {"instances": "1"}), ("rest", {})):
        space.create(update(name, **fields))
        space.wait_update("RolledForward", name=name, timeout=PATIENCE)
    at_rest(space)


def _lost_pod(space: Space) -> None:
    before = {pod.uid for pod in seen(space)}
    space.delete_pod("web-1")
    space.until("its successor", lambda: len({p.uid for p in seen(space)} - before) == 1, PATIENCE)
    pods(space, len(before))
    at_rest(space)


def _delete_job(space: Space) -> None:
    hold(space)
    space.api.delete(space.path("echelonjobs", "web"))
    # The garbage collector of a new control plane learns of new kinds after half a minute.
    space.until("all pods gone", lambda: not seen(space) and not space.updates(), 2 * PATIENCE)


def _delete_update(space: Space) -> None:
    hold(space)
    space.api.delete(space.path("updates", "web-g2"))
    at_rest(space)


def _gated(url: str) -> Act:
    gates = [{"name": "g", "intervalSeconds": 1, "http": {"url": url}}]
    return made(strategy=batch(2), update={"gates": gates, "maxFailedInstances": 3})


def _each(
    name: str,
    play: Callable[[str], Act],
    setup: Callable[..., Act] = made,
    in_place_ignores: tuple[str, ...] = (),
) -> list[Scenario]:
    """The scenario with each replacement."""
    ignored = {"in-place": in_place_ignores}
    return [
        Scenario(
            f"{name}, {way}", setup(update={"replacement": kind}), play(way), ignored.get(way, ())
        )
        for way, kind in WAYS.items()
    ]


def scenarios(url: str) -> list[Scenario]:
    """All scenarios. ``url``: of a server that gates ask; see `Plane.web`."""
    return [
        *basic(url),
        *stepwise(),
        *drains(),
        *provenance(),
        *metadata_in_place(url),
        *overlaid(),
        *frozen_ids(),
        *of_runs(),
        *claimed(),
    ]


def stepwise() -> list[Scenario]:
    """Scales in order, and pauses after chosen groups."""
    chosen = {**batch(1), "pauses": [{"after": 1}, {"after": 2, "seconds": 2}]}
    two, four = (made(instances=count, ordering="Ordered") for count in (2, 4))
    return [
        Scenario("create in order", nothing, _create_in_order),
        long_only("scale up in order", two, partial(_scale, 4)),
        long_only("scale down in order", four, partial(_scale, 2)),
        Scenario("pause after chosen groups", made(strategy=chosen), _step_by_step),
    ]


def basic(url: str) -> list[Scenario]:
    """Those that need neither nodes of their own nor a field that few Jobs have."""
    in_place = {"replacement": "InPlace"}
    stepwise = {**batch(2), "autoPause": True}
    sized = template()
    sized["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "10m", "memory": "16Mi"}}
    return [
        Scenario("create", nothing, _create),
        *_each("update", lambda _: _update),
        Scenario(
            "update, resize in place", made(update=in_place, template=sized), _resize, RESIZES
        ),
        *_each(
            "fail and roll back",
            lambda way: _fail_in_place if way == "in-place" else _fail,
            setup=partial(made, steering=ONCE),
            # If the operator is away for longer than the back-off, the container crashes again.
            in_place_ignores=("restarts",),
        ),
        Scenario(
            "fail once, go on",
            made(instances=2, min_ready=1, update={"maxFailuresPerInstance": 1}),
            _fail_once,
            ignore=("restarts",),
        ),
        *_each("supersede", lambda way: partial(_supersede, holding(way))),
        Scenario("scale up", made(instances=2), partial(_scale, 4)),
        Scenario("scale down", made(instances=4), partial(_scale, 2)),
        Scenario("scale up in mid-update", made(), partial(_scale_midway, 4)),
        *_each("abort", lambda way: partial(_verb, "Abort", "Aborted", holding(way))),
        *_each(
            "roll back by hand", lambda way: partial(_verb, "Rollback", "RolledBack", holding(way))
        ),
        Scenario("pause and resume", made(), _pause),
        Scenario("pause after each batch", made(strategy=stepwise), _step_by_step),
        Scenario(
            "pulse",
            made(instances=2, update={"pulseIntervalSeconds": 2}),
            _pulse,
            ignore=("history", "generation"),
        ),
        Scenario("gate passes", _gated(f"{url}/pass"), _update),
        Scenario("gate fails", _gated(f"{url}/fail"), partial(_rolls_back, "web:2")),
        Scenario("canary and rest, by hand", made(update={"mode": "Manual"}), _by_hand),
        Scenario("lost pod", made(), _lost_pod),
        Scenario("delete the Update", made(), _delete_update),
        Scenario("delete the Job", made(), _delete_job),
    ]


def _rolls_back(image: str, space: Space) -> None:
    space.set_image(image)
    ended(space, "RolledBack")


NAMES: Final = tuple(each.name for each in scenarios(""))
