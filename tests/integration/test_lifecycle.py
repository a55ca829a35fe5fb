"""Jobs and namespaces are deleted at the worst moments, and created again."""

from __future__ import annotations

from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit
from hack.harness.manifests import job, phase, queue
from hack.harness.operator import USER, Operator
from hack.harness.space import Space

SLOW = {"behaviour": "ready-after", "ready_after": "500ms"}


def gone(space: Space) -> bool:
    return not space.pods() and not space.updates()


def test_a_deleted_job_takes_all_it_owns_with_it(space: Space) -> None:
    space.made(job(instances=3))
    space.roll("web:2", "RolledForward")
    space.kubectl("delete", "ejob/web", "--timeout=180s")
    space.until("nothing left", lambda: gone(space), timeout=30)
    assert space.revisions() == []


def test_a_job_deleted_while_the_operator_is_dead_goes_all_the_same(
    space: Space, operator: Operator
) -> None:
    space.made(job(instances=3))
    operator.kill9()
    space.kubectl("delete", "ejob/web", "--timeout=180s")
    space.until("nothing left", lambda: gone(space), timeout=30)
    operator.start()
    assert space.observer.replay().faults == []


def test_a_job_deleted_in_mid_update_and_made_again_at_once_starts_afresh(space: Space) -> None:
    space.made(job(instances=4, strategy=queue(2)))
    space.set_image("web:2", **SLOW)
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] >= 1)
    former = space.job()["metadata"]["uid"]
    space.api.delete(space.path("echelonjobs", "web"))
    space.create(job(instances=3, image="web:5"))
    made = space.wait_job(
        "the new one to be Ready",
        lambda j: j["metadata"]["uid"] != former and j["status"].get("availableInstances") == 3,
        timeout=40,
    )
    space.until("no pods of the former", lambda: set(space.pods()) == {0, 1, 2})
    assert {pod.owner for pod in space.pods().values()} == {made["metadata"]["uid"]}
    assert {pod.image for pod in space.pods().values()} == {"web:5"}
    space.until("no Update of the former", lambda: not space.updates(), timeout=30)
    space.wait_ready()


def test_pods_of_a_deleted_predecessor_are_waited_for(space: Space) -> None:
    steering = {"behaviour": "slow-stop", "stop_after": "3s"}
    space.made(job(instances=2, steering=steering))
    former = {pod.uid for pod in space.pods().values()}
    space.api.delete(space.path("echelonjobs", "web"))
    space.create(job(instances=2, image="web:2"))
    space.wait_ready(timeout=40)
    assert not former & {pod.uid for pod in space.pods().values()}
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == {0: 2, 1: 2}


def test_a_job_orphaned_and_made_again_adopts_its_pods(space: Space) -> None:
    wish = job(instances=3)
    space.made(wish)
    first = space.observer.uids()
    space.orphan_job()
    space.until("no owner", lambda: not space.pods())
    space.create(wish)
    space.wait_ready(timeout=30)
    assert {i: uids[-1] for i, uids in space.observer.uids().items()} == {
        i: uids[0] for i, uids in first.items()
    }


def test_a_namespace_deleted_in_mid_update_goes(space: Space, cluster: Cluster) -> None:
    space.made(job(instances=4))
    space.set_image("web:2", **SLOW)
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] >= 1)
    path = f"/api/v1/namespaces/{space.name}"
    space.observer.namespace_goes()
    cluster.api.delete(path)
    cluster.kubectl("wait", "--for=delete", f"ns/{space.name}", "--timeout=180s")
    assert gone(space)
    cluster.api.create("/api/v1/namespaces", {"metadata": {"name": space.name}})
    cluster.wait("the ServiceAccount", lambda: cluster.api.get(f"{path}/serviceaccounts/default"))
    # Objects with the same names are not confused with the deleted ones.
    made = space.made(job(instances=2), timeout=30)
    assert made["metadata"]["generation"] == 1
    assert made["status"]["availableInstances"] == 2


def test_an_active_update_that_is_deleted_is_aborted_and_no_instance_is_missing(
    space: Space,
) -> None:
    space.made(job(instances=4))
    space.set_image("web:2", **SLOW)
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] >= 1)
    space.api.delete(space.path("updates", "web-g2"))
    after = space.wait_job(
        "the end", lambda j: j["status"]["lastAttempt"].get("outcome") == "Aborted"
    )
    assert "activeUpdate" not in after["status"]
    space.until("4 Ready", lambda: sum(pod.ready for pod in space.pods().values()) == 4)
    images = [space.pods()[i].image for i in range(4)]
    assert images[0] == "web:2"
    assert images[3] == "web:1"
    assert space.updates() == []


def test_a_finished_update_can_be_deleted_freely(space: Space) -> None:
    space.made(job(instances=2))
    space.roll("web:2", "RolledForward")
    space.api.delete(space.path("updates", "web-g2"))
    assert phase(space.roll("web:3")) == "RolledForward"
    assert [u["metadata"]["name"] for u in space.updates()] == ["web-g3"]


def test_a_revision_that_is_in_use_is_restored_when_somebody_deletes_it(space: Space) -> None:
    made = space.made(job(instances=2))
    name = made["status"]["currentRevision"]
    space.api.delete(space.path("controllerrevisions", name))
    space.cluster.wait("the revision", lambda: space.exists("controllerrevisions", name), 10)
    assert {len(uids) for uids in space.observer.uids().values()} == {1}


def test_status_written_by_somebody_else_is_put_right(space: Space) -> None:
    space.made(job(instances=2))
    lie = {"status": {"instances": 9, "readyInstances": 7, "availableInstances": 5}}
    space.api.patch(space.path("echelonjobs", "web", "status"), lie)
    space.wait_job("the truth", lambda j: j["status"]["readyInstances"] == 2)


def test_nothing_is_written_when_nothing_changes(
    space: Space, operator: Operator, audit: Audit
) -> None:
    space.made(job(instances=3))
    space.roll("web:2", "RolledForward")
    space.wait_ready()
    operator.stop()
    audit.mark()
    operator.start()
    # The operator reconciles a later Job later: by then all writes after the restart are done.
    space.made(job("later", instances=1))
    writes = [
        r
        for r in audit.requests(user=USER, namespace=space.name)
        if r.writes
        and r.name not in ("later", "later-0")
        and not r.name.startswith("later-")
        and r.resource != "events"
    ]
    assert [str(r) for r in writes] == []
