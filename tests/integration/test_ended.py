"""The status of a Job says what became of its pods, with the right cause of each."""

from __future__ import annotations

import json
from typing import Any

from hack.devcluster.cluster import Cluster
from hack.harness.manifests import Object, is_true, job, queue, sim
from hack.harness.operator import Operator
from hack.harness.space import Space


def causes(seen: Object) -> list[tuple[int, str]]:
    ended: list[Any] = seen["status"].get("ended", [])
    return sorted((each["instance"], each["cause"]) for each in ended)


def ended(space: Space, *wanted: tuple[int, str]) -> list[Object]:
    """Wait until exactly these pods have ended, and return their entries, newest first."""
    seen = space.wait_job(f"the ends {wanted}", lambda j: causes(j) == sorted(wanted), timeout=30)
    found: list[Object] = seen["status"].get("ended", [])
    return found


def test_an_update_its_rollback_and_a_scale(space: Space) -> None:
    quick = {"maxFailuresPerInstance": 0, "readyTimeoutSeconds": 5}
    old = space.made(job(instances=3, strategy=queue(3), update=quick))["status"]
    space.scale(2)
    (scaled,) = ended(space, (2, "Scale"))
    assert scaled["revision"] == old["currentRevision"]
    assert scaled["node"].startswith("sim-")
    assert scaled["startedAt"] <= scaled["endedAt"]
    assert "update" not in scaled
    bad = space.set_image("web:2", behaviour="crash-loop", exit_code=3)
    name = f"web-g{bad['metadata']['generation']}"
    space.wait_update("RolledBack", name=name, timeout=60)
    # If the first crash comes early, instance 1 has no pod that the rollback could end.
    least = [(0, "Rollback"), (0, "Update"), (1, "Update"), (2, "Scale")]
    seen = space.wait_job(
        "the ends", lambda j: causes(j) in (least, sorted([*least, (1, "Rollback")])), timeout=30
    )
    found: list[Object] = seen["status"]["ended"]
    undone = [each for each in found if each["cause"] == "Rollback"]
    assert {each["update"] for each in found if each["instance"] < 2} == {name}
    assert {each["revision"] for each in undone} == {bad_revision(space, name)}
    assert 3 in {each["exitCode"] for each in undone}, "its container waits for its next start"
    assert [each["endedAt"] for each in found] == sorted(
        (each["endedAt"] for each in found), reverse=True
    )


def bad_revision(space: Space, update: str) -> str:
    revision: str = space.update(update)["status"]["to"]["revision"]
    return revision


def test_others_delete_and_evict_and_pods_fail(space: Space) -> None:
    space.made(job(instances=3))
    space.delete_pod("web-0")
    ended(space, (0, "Deleted"))
    pod = space.pods()[1]
    space.observer.not_the_operator(pod.uid)
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "web-1", "namespace": space.name},
    }
    space.api.create(space.path("pods", "web-1", "eviction"), eviction)
    ended(space, (0, "Deleted"), (1, "Evicted"))
    crash = sim(behaviour="exit", exit_after="0s", exit_code=7)
    space.patch_pod("web-2", annotations=crash)
    found = ended(space, (0, "Deleted"), (1, "Evicted"), (2, "Failed"))
    (failed,) = (each for each in found if each["cause"] == "Failed")
    assert failed["exitCode"] == 7
    assert "exited with code 7" in failed["message"]
    space.wait_ready()


#: Half of what a simulated node has, and more.
LARGE: Object = {"requests": {"cpu": "900"}}


def test_a_pod_makes_room_for_one_of_higher_priority(space: Space) -> None:
    wish = job(instances=1)
    pod: Object = wish["spec"]["template"]["spec"]
    pod["nodeSelector"] = {"kubernetes.io/hostname": "sim-8"}
    pod["containers"][0]["resources"] = LARGE
    space.made(wish)
    space.observer.not_the_operator(space.pods()[0].uid)
    first = {
        "kind": "Pod",
        "metadata": {"name": "first"},
        "spec": {
            "priorityClassName": "system-node-critical",
            "nodeSelector": pod["nodeSelector"],
            "containers": [{"name": "first", "image": "first:1", "resources": LARGE}],
        },
    }
    space.create(first)
    (gone,) = ended(space, (0, "Preempted"))
    assert gone["node"] == "sim-8"
    assert "update" not in gone
    space.kubectl("delete", "pod", "first")
    space.wait_ready(timeout=60)


def test_the_newest_fifty_are_kept_newest_first(space: Space) -> None:
    space.made(job(instances=60))
    space.scale(0)
    told = space.wait_job("all ends", lambda j: len(j["status"].get("ended", [])) == 50, timeout=60)
    found = told["status"]["ended"]
    times = [each["endedAt"] for each in found]
    assert times == sorted(times, reverse=True)
    assert {each["cause"] for each in found} == {"Scale"}
    assert len({each["instance"] for each in found}) == 50


#: Bytes of the status of a Job.
LARGEST = 150 * 1024


def test_a_status_that_would_be_too_large_tells_less_of_the_ends(space: Space) -> None:
    space.made(job(instances=40))
    space.scale(2)
    space.wait_job("all ends", lambda j: len(j["status"].get("ended", [])) == 38, timeout=60)
    # What a decision needs is not shortened. No Job of a test has so much of it by itself.
    images = [f"registry.example/{'x' * 200}:{n}" for n in range(60)]
    bad = [{"revision": f"web-{n:010d}", "images": images, "reason": "Failed",
            "time": "2026-01-02T03:04:05Z"} for n in range(10)]  # fmt: skip
    whole = space.path("echelonjobs", "web", "status")
    space.api.patch(whole, {"status": {"knownBad": bad}})
    told = space.wait_job("Truncated", lambda j: is_true(j, "Truncated"), timeout=30)
    status = told["status"]
    assert len(json.dumps(status, separators=(",", ":"))) <= LARGEST
    assert (len(status["knownBad"]), status["assigned"]) == (10, space.job()["status"]["assigned"])
    kept = status.get("ended", [])
    assert len(kept) < 38
    words = next(c["message"] for c in status["conditions"] if c["type"] == "Truncated")
    assert f"only {len(kept)} of 38 entries of ended" in words
    space.scale(3)
    space.wait_job("three", lambda j: j["status"]["availableInstances"] == 3, timeout=30)
    space.api.patch(whole, {"status": {"knownBad": None}})
    space.wait_job("all of it to fit", lambda j: is_false(j, "Truncated"), timeout=30)


def is_false(seen: Object, condition: str) -> bool:
    found = seen["status"]["conditions"]
    return any((c["type"], c["status"]) == (condition, "False") for c in found)


def test_an_operator_that_takes_over_knows_what_the_last_one_began(
    cluster: Cluster, space: Space, operator: Operator
) -> None:
    slow = {"behaviour": "slow-stop", "stop_after": "3s"}
    space.made(job(instances=2, strategy=queue(1), steering=slow))
    space.set_image("web:2")
    space.until("the first pod to stop", lambda: space.pods()[0].deleting)
    operator.kill9()
    operator.start()
    space.wait_update("RolledForward", timeout=40)
    ended(space, (0, "Update"), (1, "Update"))
    assert cluster is not None
