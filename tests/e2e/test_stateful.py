"""A Job with a volume for each instance: claims that a user made, and claims of its own."""

from __future__ import annotations

from typing import Any

from hack.e2e.node import RealNode
from tests.e2e import volumes, web
from tests.e2e.asking import ask
from tests.e2e.place import Object, Place

INSTANCES = 3


def claims(place: Place) -> None:
    """Create a claim for each instance."""
    for instance in range(INSTANCES):
        spec: Object = {"accessModes": ["ReadWriteOnce"], "storageClassName": ""}
        spec["resources"] = {"requests": {"storage": "1Mi"}}
        claim = {"metadata": {"name": f"data-{instance}"}, "spec": spec}
        place.api.create(place.path("persistentvolumeclaims"), claim)


def template(tag: str) -> Object:
    source = {"claimName": "data-{{echelon.instance}}"}
    made = web.template(tag, drain=0, volumes=[{"name": "data", "persistentVolumeClaim": source}])
    made["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    return made


def test_each_instance_keeps_its_volume_through_updates_and_losses(
    place: Place, node: RealNode
) -> None:
    claims(place)
    folder = volumes.provide(place, node)
    place.made(web.job(pod=template("1"), instances=INSTANCES))
    assert [starts(place, i) for i in range(INSTANCES)] == [["1"]] * INSTANCES

    update = place.wait_update(place.change(template("2")))
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert [starts(place, i) for i in range(INSTANCES)] == [["1", "2"]] * INSTANCES

    bad = place.wait_update(place.change(template("unready")))
    assert bad["status"]["phase"] == "RolledBack", bad["status"]
    assert starts(place, 0) == ["1", "2", "unready", "2"]
    assert [starts(place, i) for i in (1, 2)] == [["1", "2"]] * 2

    lost = place.pods()[1]["metadata"]["uid"]
    place.api.delete(place.path("pods", "web-1"), {"preconditions": {"uid": lost}})
    place.wait("instance 1 to be back", lambda: back(place, 1, lost))
    assert starts(place, 1) == ["1", "2", "2"]
    kept = (folder / "data-1" / "starts").read_text()
    assert kept.split() == ["1", "2", "2"]


def test_claims_of_the_job_keep_their_files_and_go_with_a_scale(
    place: Place, node: RealNode
) -> None:
    pod = web.template("1", drain=0)
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    spec: Object = {"accessModes": ["ReadWriteOnce"], "storageClassName": ""}
    spec["resources"] = {"requests": {"storage": "1Mi"}}
    job = web.job(pod=pod, instances=2)
    job["spec"] |= {
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": spec}],
        "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"},
    }
    place.create(job)
    place.wait("both claims", lambda: len(claim_uids(place)) == 2)
    folder = volumes.provide(place, node)
    place.wait_ready()
    before = claim_uids(place)
    assert [starts(place, i) for i in (0, 1)] == [["1"]] * 2

    pod["spec"]["containers"][0]["image"] = web.template("2")["spec"]["containers"][0]["image"]
    update = place.wait_update(place.change(pod))
    assert update["status"]["phase"] == "RolledForward", update["status"]
    lost = place.pods()[1]["metadata"]["uid"]
    place.api.delete(place.path("pods", "web-1"), {"preconditions": {"uid": lost}})
    place.wait("instance 1 to be back", lambda: back(place, 1, lost))
    assert starts(place, 0) == ["1", "2"]
    assert starts(place, 1) == ["1", "2", "2"]
    assert (folder / "data-web-1" / "starts").read_text().split() == ["1", "2", "2"]
    assert claim_uids(place) == before

    place.kubectl("scale", "ejob/web", "--replicas=1")
    kept = {"data-web-0": before["data-web-0"]}
    place.wait("the claim of instance 1 to be gone", lambda: claim_uids(place) == kept)
    assert starts(place, 0) == ["1", "2"]


def claim_uids(place: Place) -> dict[str, str]:
    """The uid of each claim of the namespace."""
    found = place.api.get(place.path("persistentvolumeclaims"))["items"]
    return {claim["metadata"]["name"]: claim["metadata"]["uid"] for claim in found}


def starts(place: Place, instance: int) -> list[str]:
    """The versions that have used an instance's volume, as the instance reports them."""
    return ask(place.pods()[instance]["status"]["podIP"], "/starts").split()


def back(place: Place, instance: int, lost: str) -> bool:
    pod: dict[str, Any] | None = place.pods().get(instance)
    if pod is None or pod["metadata"]["uid"] == lost:
        return False
    conditions = pod["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
