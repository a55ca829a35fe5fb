"""An Update that a newer engine carries on is not touched by an older operator, nor is its Job."""

from __future__ import annotations

from hack.harness.audit import Audit
from hack.harness.manifests import condition, is_true, job, phase, queue
from hack.harness.operator import USER, Operator
from hack.harness.space import Space


def set_engine(space: Space, version: int) -> None:
    """Store an engine version in the Update, as an operator that has this engine does."""
    path = space.path("updates", "web-g2", "status")
    done = space.api.patch(path, {"status": {"engineVersion": version}})
    space.observer.not_the_operator(done["metadata"]["resourceVersion"])


def test_a_downgrade_in_mid_update_and_the_newer_operator_again(
    space: Space, operator: Operator, audit: Audit
) -> None:
    space.made(job(instances=3, strategy=queue(1)))
    space.set_image("web:2", behaviour="ready-after", ready_after="2s")
    moving = space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["counts"]["updated"] == 1
    )
    assert moving["status"]["engineVersion"] == 1
    # A newer operator has carried the Update on.
    operator.stop()
    set_engine(space, 2)
    audit.mark()
    operator.start()
    told = space.wait_job(
        "left alone", lambda j: condition(j, "Stalled").get("reason") == "EngineTooNew"
    )
    words = "status.engineVersion 2, and this operator has engine 1"
    assert words in condition(told, "Stalled")["message"]
    update = space.wait_update(
        "RollingForward", probe=lambda u: condition(u, "Stalled").get("reason") == "EngineTooNew"
    )
    assert not is_true(update, "Reconciling")
    space.until(
        "its Event", lambda: [e for e in space.events("web-g2") if e["reason"] == "EngineTooNew"]
    )
    # Nothing of it is touched, whatever happens; other Jobs go on.
    space.delete_pod("web-2")
    space.scale(5)
    space.api.patch(space.path("updates", "web-g2"), {"spec": {"action": "Abort"}})
    space.wait_job(
        "seen", lambda j: j["status"]["observedGeneration"] == j["metadata"]["generation"]
    )
    space.made(job("other", instances=2))
    space.roll("web:3", "RolledForward", job="other")
    assert phase(space.update("web-g2")) == "RollingForward"
    asked = audit.requests(user=USER, namespace=space.name)
    ours = [r for r in asked if r.writes and r.name.startswith("web") and r.resource != "events"]
    written = {(r.resource, r.subresource) for r in ours}
    assert written == {("echelonjobs", "status"), ("updates", "status")}, "only conditions"
    assert space.job()["status"]["activeUpdate"]["name"] == "web-g2"
    # The newer operator runs again, so to say.
    set_engine(space, 1)
    space.wait_update("Aborted", name="web-g2", timeout=40)
    space.wait_job("5 again", lambda j: j["status"].get("availableInstances") == 5)


def test_deleting_the_update_gives_the_job_back(space: Space, operator: Operator) -> None:
    space.made(job(instances=2, strategy=queue(1)))
    space.set_image("web:2", behaviour="ready-after", ready_after="2s")
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updating"] == 1)
    operator.stop()
    set_engine(space, 7)
    operator.start()
    space.wait_job("left alone", lambda j: condition(j, "Stalled").get("reason") == "EngineTooNew")
    space.api.delete(space.path("updates", "web-g2"))
    done = space.wait_job("served again", lambda j: not j["status"].get("activeUpdate"))
    assert done["status"]["lastAttempt"]["outcome"] == "Aborted"
    space.wait_job("2 available", lambda j: j["status"].get("availableInstances") == 2)
    space.roll("web:3", "RolledForward")
