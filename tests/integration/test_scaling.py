"""`spec.instances` is obeyed at any time, at the current revision, without an Update."""

from __future__ import annotations

from hack.harness.manifests import by_revision, ids, is_true, job, queue, template
from hack.harness.space import Space


def test_new_instances_come_at_once_and_the_highest_go(space: Space) -> None:
    space.made(job(instances=3))
    first = space.observer.uids()
    space.patch_job(instances=6)
    grown = space.wait_job("6 available", lambda j: j["status"].get("availableInstances") == 6)
    revision = grown["status"]["currentRevision"]
    assert by_revision(grown["status"]["assigned"]) == {revision: set(range(6))}
    space.patch_job(instances=2)
    space.until("two pods", lambda: set(space.pods()) == {0, 1})
    shrunk = space.wait_ready()
    assert shrunk["status"]["instancesInForce"] == 2
    assert {i: uids for i, uids in space.observer.uids().items() if i < 3} == first
    assert space.updates() == []


def test_the_scale_subresource_reads_and_writes(space: Space) -> None:
    space.made(job(instances=2))
    space.kubectl("scale", "ejob/web", "--replicas=4")
    space.wait_job("4 available", lambda j: j["status"].get("availableInstances") == 4)
    scale = space.api.get(space.path("echelonjobs", "web", "scale"))
    assert scale["spec"]["replicas"] == 4
    assert scale["status"] == {"replicas": 4, "selector": "echelon.dev/job=web"}
    assert space.updates() == []


def test_down_to_none_and_up_again(space: Space) -> None:
    space.made(job(instances=3))
    space.scale(0)
    space.until("no pods", lambda: not space.pods())
    empty = space.wait_ready()
    assert empty["status"].get("assigned", []) == []
    space.scale(2)
    space.wait_job("2 available", lambda j: j["status"].get("availableInstances") == 2)
    assert {pod.revision for pod in space.pods().values()} == {empty["status"]["currentRevision"]}


def test_ids_that_a_scale_adds_during_an_update_are_updated_last(space: Space) -> None:
    old = space.made(job(instances=3, strategy=queue(1)))["status"]["currentRevision"]
    space.set_image("web:2", behaviour="ready-after", ready_after="700ms")
    space.wait_update("RollingForward")
    space.scale(5)
    ended = space.wait_update("RolledForward", timeout=30)
    assert by_revision(ended["status"]["from"]) == {old: {0, 1, 2, 3, 4}}
    assert ids(ended["status"]["to"]["instances"]) == {0, 1, 2, 3, 4}
    assert ended["status"]["counts"]["updated"] == 5
    # They were created at once at the old revision, and updated at the end like the others.
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(5), 2)
    assert space.observer.replay().order["web"] == [0, 1, 2, 3, 4]
    assert space.wait_ready()["status"]["instancesInForce"] == 5


def test_ids_that_a_scale_removes_during_an_update_leave_it(space: Space) -> None:
    space.made(job(instances=5, strategy=queue(1)))
    space.set_image("web:2", behaviour="ready-after", ready_after="700ms")
    space.wait_update("RollingForward")
    space.scale(2)
    ended = space.wait_update("RolledForward", timeout=30)
    assert ids(ended["status"]["to"]["instances"]) == {0, 1}
    assert ended["status"]["counts"]["failed"] == 0
    space.until("two pods", lambda: set(space.pods()) == {0, 1})
    assert {pod.image for pod in space.pods().values()} == {"web:2"}
    assert space.wait_ready()["status"]["instancesInForce"] == 2


def test_a_rollback_does_not_undo_a_scale(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 3, "maxFailuresPerInstance": 0}
    space.made(job(instances=3, update=quick))
    space.set_image("web:2-never-ready")
    space.wait_update("RollingForward")
    space.scale(5)
    space.wait_update("RolledBack", timeout=30)
    after = space.wait_job("stalled", lambda j: is_true(j, "Stalled"))
    assert after["status"]["instancesInForce"] == 5
    assert "instancesRefused" not in after["status"]
    space.until("five pods", lambda: len([p for p in space.pods().values() if p.ready]) == 5)
    assert {pod.image for pod in space.pods().values()} == {"web:1"}
    assert len(space.updates()) == 1


def test_a_scale_during_the_rollback_is_obeyed_too(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}
    space.made(job(instances=4, min_ready=1, update=quick))
    space.set_image("web:2", behaviour="never-ready", instances="2")
    space.wait_update("RollingBack", timeout=30)
    space.scale(6)
    space.wait_update("RolledBack", timeout=30)
    space.until("six pods", lambda: len([p for p in space.pods().values() if p.ready]) == 6)
    assert {pod.image for pod in space.pods().values()} == {"web:1"}
    assert len(space.updates()) == 1


def test_a_template_and_a_count_changed_together_are_one_update(space: Space) -> None:
    space.made(job(instances=4, strategy=queue(1)))
    space.patch_job(instances=6, template=template("web:2"))
    grown = space.wait_update("RolledForward", name="web-g2")
    assert grown["status"]["counts"]["total"] == 6
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == {
        **dict.fromkeys(range(4), 2),
        4: 1,
        5: 1,
    }
    space.patch_job(instances=2, template=template("web:3"))
    shrunk = space.wait_update("RolledForward", name="web-g3")
    assert shrunk["status"]["counts"]["total"] == 6
    assert set(space.pods()) == {0, 1}
    done = space.wait_ready()
    assert done["status"]["instancesInForce"] == 2
    assert done["status"]["currentRevision"] == shrunk["status"]["to"]["revision"]


def test_new_instances_come_before_any_is_taken_down(space: Space) -> None:
    space.made(job(instances=2, strategy=queue(1)))
    space.patch_job(instances=3, template=template("web:2"))
    space.wait_update("RolledForward")
    events = [seen for seen in space.observer.events() if seen.kind == "Pod"]
    made = next(s.version for s in events if s.object.instance == 2 and s.object.ready)
    taken = min(s.version for s in events if s.object.deleting)
    assert made < taken
