"""Stories in which Jobs and Updates come into every state, for recordings of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hack.chaos.scenario import PATIENCE, Act, ended, made, nothing, verb
from hack.chaos.scenarios import basic
from hack.harness.manifests import (
    Object,
    batch,
    condition,
    is_true,
    job,
    template,
    update,
)
from hack.harness.space import Space
from hack.integrations import rare

QUICK: Final = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}
BAD: Final = "web:2-never-ready"
#: Stories of `hack/chaos` in which something fails.
_FAILING: Final = ("fail and roll back", "gate fails", "abort", "roll back by hand", "delete the U")


@dataclass(frozen=True, slots=True)
class Story:
    """``healthy``: nothing fails in it and nobody aborts, so no tool may ever say that one did."""

    name: str
    setup: Act
    play: Act
    healthy: bool


def stories(url: str) -> list[Story]:
    """All stories. ``url``: of a server that gates ask; see `hack.chaos.plane.Plane.web`."""
    known = [
        Story(each.name, each.setup, each.play, not each.name.startswith(_FAILING))
        for each in basic(url)
    ]
    quick = made(update=QUICK)
    manual = made(update={"mode": "Manual"})
    pulses = {"pulseIntervalSeconds": 2}
    unknown = [{"name": "g", "intervalSeconds": 1, "timeoutSeconds": 1, "http": _nowhere()}]
    return [
        *known,
        Story("known bad", quick, _known_bad, healthy=False),
        Story("a mended template", quick, _mended, healthy=False),
        Story("fail and stop", made(update={**QUICK, "rollbackOnFailure": False}), _stop, False),
        Story("a tolerated failure", made(update={**QUICK, "maxFailedInstances": 1}), _bear, False),
        Story("a roll back that is paused", quick, _pause_back, healthy=False),
        Story("a count that is rolled back", quick, _refused_count, healthy=False),
        Story("refused at creation", nothing, _refused_at_creation, healthy=False),
        Story("refused template", made(), _refused_template, healthy=False),
        Story("never good at creation", nothing, _never_good, healthy=False),
        Story("pod name conflict", nothing, _conflict, healthy=False),
        Story("quota", made(update={"readyTimeoutSeconds": 0}), _quota, healthy=True),
        Story("inconclusive gate", made(update={"gates": unknown}), _inconclusive, False),
        Story("manual", manual, _manual, healthy=True),
        Story("rejected", manual, _rejected, healthy=False),
        Story("dry run", manual, _dry_run, healthy=True),
        Story("restart", made(), _restart, healthy=True),
        Story("an older revision", made(), _older, healthy=True),
        Story("edits that start nothing", made(), _edits, healthy=True),
        Story("deleted in the foreground", made(), _foreground, healthy=True),
        Story("born paused", made(strategy=batch(2)), _born_paused, healthy=True),
        Story("a revision is gone", made(), rare.error, healthy=False),
        Story("a roll back that awaits a pulse", made(update=pulses), rare.pulse_back, False),
        Story("deletions that hang", made(), rare.hanging, healthy=False),
        Story("held by a budget", made(update={"slaAware": True}), rare.held, healthy=True),
    ]


def _nowhere() -> Object:
    return {"url": "http://127.0.0.1:1/nobody"}


def _stalled(space: Space) -> Object:
    return space.wait_job("Stalled", lambda it: is_true(it, "Stalled"), timeout=PATIENCE)


def _rolls_back(space: Space, image: str = BAD) -> None:
    space.set_image(image)
    ended(space, "RolledBack")


def _known_bad(space: Space) -> None:
    _rolls_back(space)
    space.set_image("web:1")
    space.wait_ready(timeout=PATIENCE)
    space.set_image(BAD)
    space.wait_job(
        "KnownBad",
        lambda it: condition(it, "UpdatePending").get("reason") == "KnownBad",
        timeout=PATIENCE,
    )
    _stalled(space)
    space.patch_job(update={"retryToken": "again"})
    ended(space, "RolledBack", "web-g5")


def _mended(space: Space) -> None:
    _rolls_back(space)
    space.set_image("web:3")
    ended(space, "RolledForward", "web-g3")


def _stop(space: Space) -> None:
    space.set_image(BAD)
    ended(space, "Failed")


def _bear(space: Space) -> None:
    space.set_image("web:2", behaviour="never-ready", instances="1")
    ended(space, "RolledForward")


def _pause_back(space: Space) -> None:
    space.set_image("web:2", behaviour="never-ready", instances="1")
    space.wait_update("RollingBack", name="web-g2", timeout=PATIENCE)
    verb(space, paused=True)
    space.wait_update("RollBackPaused", "RolledBack", name="web-g2", timeout=PATIENCE)
    verb(space, paused=False)
    ended(space, "RolledBack")


def _refused_count(space: Space) -> None:
    space.patch_job(instances=5, template=template(BAD))
    ended(space, "RolledBack")
    space.scale(4)
    space.wait_job("4", lambda it: it["status"].get("instancesInForce") == 4, timeout=PATIENCE)


def _wrong() -> Object:
    wish = template("web:2")
    wish["spec"]["containers"][0]["ports"] = [{"containerPort": 99999}]
    return wish


def _refused_at_creation(space: Space) -> None:
    wish = job(instances=2)
    wish["spec"]["template"] = _wrong()
    space.create(wish)
    _stalled(space)
    space.set_template(template())
    space.wait_ready(timeout=PATIENCE)


def _refused_template(space: Space) -> None:
    space.set_template(_wrong())
    _stalled(space)
    space.set_image("web:3")
    ended(space, "RolledForward", "web-g3")


def _never_good(space: Space) -> None:
    space.create(job(instances=2, image="web:1-never-ready", update={"readyTimeoutSeconds": 1}))
    _stalled(space)
    space.set_image("web:2")
    ended(space, "RolledForward")


def _conflict(space: Space) -> None:
    pod = {"spec": template()["spec"], "metadata": {"name": "web-1"}}
    space.create({"apiVersion": "v1", "kind": "Pod", **pod})
    space.create(job(instances=2))
    space.wait_job("a conflict", lambda it: is_true(it, "PodNameConflict"), timeout=PATIENCE)
    _stalled(space)
    space.api.delete(space.path("pods", "web-1") + "?gracePeriodSeconds=0")
    space.wait_ready(timeout=2 * PATIENCE)


def _quota(space: Space) -> None:
    path, name = space.path("resourcequotas"), space.path("resourcequotas", "few")
    space.api.create(path, {"metadata": {"name": "few"}, "spec": {"hard": {"pods": "2"}}})
    space.cluster.wait("its count", lambda: space.api.get(name).get("status", {}).get("used"))
    space.set_image("web:2")
    space.wait_update(
        "RollingForward",
        probe=lambda it: it["status"].get("reason") == "QuotaExceeded",
        timeout=PATIENCE,
    )
    space.api.delete(name)
    ended(space, "RolledForward")


def _inconclusive(space: Space) -> None:
    space.set_image("web:2")
    space.wait_update("RollForwardPaused", timeout=PATIENCE)
    verb(space, action="Abort")
    space.wait_update("Aborted", timeout=PATIENCE)


def _manual(space: Space) -> None:
    space.set_image("web:2")
    space.wait_job("pending", lambda it: is_true(it, "UpdatePending"), timeout=PATIENCE)
    space.create(update("mine"))
    ended(space, "RolledForward", "mine")


def _rejected(space: Space) -> None:
    space.create(update("mine", instances="9"))
    space.wait_update("Rejected", name="mine", timeout=PATIENCE)


def _dry_run(space: Space) -> None:
    space.set_image("web:2")
    space.create(update("mine", dryRun=True))
    space.wait_update("Planned", name="mine", timeout=PATIENCE)


def _restart(space: Space) -> None:
    space.create(update("mine", restart=True))
    ended(space, "RolledForward", "mine")


def _older(space: Space) -> None:
    before = space.job()["status"]["currentRevision"]
    space.set_image("web:2")
    ended(space, "RolledForward")
    space.create(update("back", revision=before))
    ended(space, "RolledForward", "back")
    space.wait_ready(timeout=PATIENCE)


def _edits(space: Space) -> None:
    space.set_image("web:2")
    ended(space, "RolledForward")
    verb(space, message="seen by somebody")
    space.wait_update("RolledForward", name="web-g2", probe=_at_present, timeout=PATIENCE)
    space.patch_job(revisionHistoryLimit=3)
    space.wait_ready(timeout=PATIENCE)


def _at_present(obj: Object) -> bool:
    return bool(obj["status"]["observedGeneration"] == obj["metadata"]["generation"])


def _foreground(space: Space) -> None:
    body = {"propagationPolicy": "Foreground"}
    space.api.delete(space.path("echelonjobs", "web"), body)
    # The garbage collector of a new control plane learns of new kinds after half a minute.
    space.until("the end", lambda: not space.exists("echelonjobs", "web"), 2 * PATIENCE)


def _born_paused(space: Space) -> None:
    space.create(update("mine", restart=True, paused=True))
    space.wait_update("RollForwardPaused", name="mine", timeout=PATIENCE)
    verb(space, "mine", paused=False)
    ended(space, "RolledForward", "mine")
