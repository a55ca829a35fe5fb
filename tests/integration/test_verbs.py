"""Verbs on active Updates: pause, resume, roll back, abort; autoPause; pulses; watching."""

from __future__ import annotations

from datetime import UTC, datetime

from hack.harness.manifests import (
    Object,
    batch,
    condition,
    ids,
    is_true,
    job,
    phase,
    queue,
)
from hack.harness.space import Space


def verb(space: Space, name: str, **spec: object) -> None:
    space.api.patch(space.path("updates", name), {"spec": spec})


def halted(space: Space, instances: int = 4) -> Object:
    """An Update that was paused after some instances were updated."""
    space.made(job(instances=instances, min_ready=1))
    space.set_image("web:2")
    found = space.wait_update(
        "RollingForward", probe=lambda u: ids(u["status"]["instances"].get("updated", ""))
    )
    verb(space, found["metadata"]["name"], paused=True)
    return space.wait_update("RollForwardPaused")


def images(space: Space) -> dict[int, str]:
    return {i: pod.image for i, pod in space.pods().items()}


def test_pause_and_resume(space: Space) -> None:
    update = halted(space)
    name = update["metadata"]["name"]
    assert is_true(update, "Paused")
    assert is_true(update, "Reconciling")
    entry = update["status"]["history"][0]
    assert "field manager" in entry["by"], "no admission policy records the user here"
    assert entry["by"] in update["status"]["message"]
    verb(space, name, paused=False)
    done = space.wait_update("RolledForward", name=name)
    assert not is_true(done, "Paused")
    assert set(images(space).values()) == {"web:2"}


def test_roll_back_from_a_pause(space: Space) -> None:
    name = halted(space)["metadata"]["name"]
    verb(space, name, action="Rollback")
    space.wait_update(
        "RollForwardPaused", name=name, probe=lambda u: "rollback waits" in u["status"]["message"]
    )
    verb(space, name, paused=False)
    done = space.wait_update("RolledBack", name=name)
    assert done["status"]["history"][1]["reason"] == "RollbackRequested"
    assert set(images(space).values()) == {"web:1"}
    assert not space.job()["status"].get("knownBad")


def test_abort(space: Space) -> None:
    name = halted(space)["metadata"]["name"]
    verb(space, name, action="Abort")
    done = space.wait_update("Aborted", name=name)
    assert done["status"]["reason"] == "AbortRequested"
    assert is_true(done, "Complete")
    job = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert condition(job, "Stalled")["reason"] == "Aborted"
    assert set(images(space).values()) == {"web:1", "web:2"}
    verb(space, name, resumeToken="late")
    space.wait_update("Aborted", name=name, probe=lambda u: is_true(u, "VerbRefused"))


def test_a_verb_never_moves_back(space: Space) -> None:
    name = halted(space)["metadata"]["name"]
    verb(space, name, action="Rollback")
    answer = space.kubectl(
        "patch", "eup", name, "--type=merge", "-p", '{"spec":{"action":"Proceed"}}', check=False
    )
    assert "spec.action moves only from Proceed to Rollback to Abort" in answer


def test_auto_pause(space: Space) -> None:
    space.made(job(instances=3, strategy={**batch(2), "autoPause": True}))
    name = space.roll("web:2", "RollForwardPaused")["metadata"]["name"]
    held = space.wait_update(
        "RollForwardPaused", name=name, probe=lambda u: u["status"]["reason"] == "AutoPaused"
    )
    assert ids(held["status"]["instances"]["updated"]) == {0, 1}
    verb(space, name, resumeToken="1")
    done = space.wait_update("RolledForward", name=name)
    assert done["status"]["observedResumeToken"] == "1"


def test_pulses(space: Space) -> None:
    space.made(job(instances=2, min_ready=2, update={"pulseIntervalSeconds": 2}))
    name = space.roll("web:2", "RollForwardAwaitingPulse")["metadata"]["name"]
    assert set(images(space).values()) == {"web:1"}

    def pulse() -> None:
        moment = datetime.now(UTC).replace(microsecond=0).isoformat()
        space.api.patch(
            space.path("updates", name),
            {"metadata": {"annotations": {"echelon.dev/pulsed-at": moment}}},
        )

    def done() -> bool:
        pulse()
        return phase(space.update(name)) == "RolledForward"

    pulse()
    space.wait_update("RollingForward", name=name)
    held = space.wait_update("RollForwardAwaitingPulse", name=name)
    assert "no pulse for 2s" in held["status"]["message"]
    space.cluster.wait("its end, with a pulse all the time", done, timeout=30)


def test_watching_catches_a_late_crash(space: Space) -> None:
    policy = {"watchAfterSeconds": 600, "maxFailuresPerInstance": 0}
    space.made(job(instances=2, strategy=queue(2), update=policy))
    space.set_image("web:2")
    name = space.wait_update("RollingForward", probe=lambda u: u["status"]["reason"] == "Watching")[
        "metadata"
    ]["name"]
    space.patch_pod("web-1", annotations={"sim.echelon.dev/behaviour": "crash"})
    done = space.wait_update("RolledBack", name=name)
    assert done["status"]["failures"][0]["instance"] == 1


def test_forced_deletion(space: Space) -> None:
    policy = {"terminationTimeoutSeconds": 1}
    steering = {"behaviour": "never-stop", "instances": "0"}
    made = job(instances=2, steering=steering, update=policy)
    made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    space.made(made)
    space.roll("web:2", "RolledForward", timeout=30)
