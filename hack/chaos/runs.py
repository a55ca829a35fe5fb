"""The scenarios of Adhoc and Cron Jobs, whose runs are batch/v1 Jobs (contract part 2 §9)."""

from __future__ import annotations

from typing import Final

from hack.chaos.scenario import PATIENCE, Act, Scenario, at_rest, long_only, nothing
from hack.harness.manifests import Object, adhoc, condition, cron, run_template, sim
from hack.harness.runs import has_ended
from hack.harness.space import Space

#: Seconds until the next full minute, and what a start takes.
_TICK: Final = 60.0 + PATIENCE


def of_runs() -> list[Scenario]:
    """All of them."""
    ended = adhoc(updateHistoryLimit=1)
    active = adhoc(exits=False, collisionPolicy="KillExisting")
    often = cron("* * * * *", exits=False, collisionPolicy="KillExisting")
    return [
        Scenario("adhoc, create", nothing, _create),
        long_only("adhoc, a run that fails", nothing, _fail),
        long_only("adhoc, CancelNew", _active(adhoc(exits=False)), _cancel_new),
        long_only("adhoc, KillExisting", _active(active), _new_template),
        long_only("adhoc, again, with a short history", _over(ended), _again),
        Scenario("cron, create", nothing, _create_cron),
        long_only("cron, change", _made(cron()), _change_cron),
        long_only("cron, a short history", _made(cron(updateHistoryLimit=1)), _by_hand),
        # Each try waits for two full minutes.
        long_only("cron tick, KillExisting", _active(often), _tick, minutes=6),
    ]


# Setups.


def _made(wish: Object) -> Act:
    def setup(space: Space) -> None:
        space.create(wish)
        at_rest(space)

    return setup


def _active(wish: Object) -> Act:
    """A run of the Job is active, with all its pods."""

    def setup(space: Space) -> None:
        space.create(wish)
        _all_active(space)

    return setup


def _over(wish: Object) -> Act:
    """The Job's first run is over."""

    def setup(space: Space) -> None:
        space.create(wish)
        _ended(space, "web-r1")

    return setup


# What users do.


def _create(space: Space) -> None:
    space.create(adhoc(instances=3))
    _ended(space, "web-r1")


def _fail(space: Space) -> None:
    space.create(adhoc(code=3))
    _ended(space, "web-r1", "FailedIndexes")


def _cancel_new(space: Space) -> None:
    space.set_template(run_template("web:2"))
    space.wait_job(
        "the new template waits",
        lambda job: "runs after it" in condition(job, "Reconciling").get("message", ""),
        timeout=PATIENCE,
    )
    for pod in space.api.get(space.path("pods"))["items"]:
        name = pod["metadata"]["name"]
        space.patch_pod(name, annotations=sim(behaviour="exit", exit_code=0))
    _ended(space, "web-r2")


def _new_template(space: Space) -> None:
    space.set_template(run_template("web:2"))
    _ended(space, "web-r2")
    _left(space, "web-r2")


def _again(space: Space) -> None:
    space.patch_job(update={"retryToken": "again"})
    _ended(space, "web-r2")
    _left(space, "web-r2")


def _create_cron(space: Space) -> None:
    space.create(cron())
    space.until("its CronJob", lambda: space.exists("cronjobs", "web"), PATIENCE)
    at_rest(space)


def _change_cron(space: Space) -> None:
    space.set_template(run_template("web:2"))
    _cron_job(space, image="web:2", suspend=False)
    space.patch_job(cron={"suspend": True})
    _cron_job(space, image="web:2", suspend=True)
    at_rest(space)


def _by_hand(space: Space) -> None:
    """A person starts runs of the CronJob, one after the other."""
    for name in ("web-first", "web-second"):
        space.kubectl("create", "job", name, "--from=cronjob/web")
        _ended(space, name)
    _left(space, "web-second")


def _tick(space: Space) -> None:
    """The next run is due while one is active."""
    first = _last(space.job())["name"]
    _all_active(space, other_than=first)
    space.patch_job(cron={"suspend": True})
    _cron_job(space, image="web:1", suspend=True)


# Waits.


def _last(job: Object) -> Object:
    found: Object = job.get("status", {}).get("lastRun", {})
    return found


def _all_active(space: Space, other_than: str = "") -> None:
    """Wait until all pods of a run are Ready, and the Job says so."""

    def active(job: Object) -> bool:
        run, count = _last(job), job["spec"]["instances"]
        told = (run.get("active"), job["status"].get("readyInstances")) == (count, count)
        return told and run["name"] != other_than

    space.wait_job("an active run", active, timeout=_TICK)


def _ended(space: Space, name: str, reason: str = "Succeeded") -> None:
    """Wait until the last run has this name and has ended so, and the Job is at rest."""

    def over(job: Object) -> bool:
        run = _last(job)
        return (run.get("name"), run.get("reason")) == (name, reason) and "finishedAt" in run

    space.wait_job(f"run {name} has ended as {reason}", over, timeout=PATIENCE)
    at_rest(space)


def _left(space: Space, name: str) -> None:
    """Wait until this run alone is left, and has ended."""

    def left() -> bool:
        found: list[Object] = space.sightings.all(space.name, "Run")
        return [run["metadata"]["name"] for run in found if has_ended(run)] == [name]

    space.until(f"run {name} alone", left, PATIENCE)


def _cron_job(space: Space, image: str, suspend: bool) -> None:
    """Wait until the CronJob is so."""

    def there() -> bool:
        spec = space.api.get(space.path("cronjobs", "web"))["spec"]
        pod = spec["jobTemplate"]["spec"]["template"]["spec"]
        return (pod["containers"][0]["image"], spec["suspend"]) == (image, suspend)

    space.until(f"a CronJob of {image}", there, PATIENCE)
