"""A Job with a volume for each instance: `claimName: data-{{echelon.instance}}`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hack.e2e.node import RealNode
from tests.e2e import web
from tests.e2e.asking import ask
from tests.e2e.place import Object, Place

INSTANCES = 3
_SIZE = {"storage": "1Mi"}
_MODES = ["ReadWriteOnce"]


def volumes(place: Place, folder: Path) -> None:
    """A claim for each instance, and the volume that is meant for it: a folder of the node."""
    for instance in range(INSTANCES):
        (folder / str(instance)).mkdir(parents=True)
        claim = f"data-{instance}"
        spec: Object = {"capacity": _SIZE, "accessModes": _MODES, "storageClassName": ""}
        spec["claimRef"] = {"namespace": place.name, "name": claim}
        spec["hostPath"] = {"path": str(folder / str(instance))}
        name = f"{place.name}-{instance}"
        place.api.create("/api/v1/persistentvolumes", {"metadata": {"name": name}, "spec": spec})
        want: Object = {
            "accessModes": _MODES,
            "storageClassName": "",
            "resources": {"requests": _SIZE},
        }
        place.api.create(
            place.path("persistentvolumeclaims"), {"metadata": {"name": claim}, "spec": want}
        )


def template(tag: str) -> Object:
    source = {"claimName": "data-{{echelon.instance}}"}
    made = web.template(tag, drain=0, volumes=[{"name": "data", "persistentVolumeClaim": source}])
    made["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    return made


def test_each_instance_keeps_its_volume_through_updates_and_losses(
    place: Place, node: RealNode
) -> None:
    folder = node.dir / "volumes"
    volumes(place, folder)
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
    kept = (folder / "1" / "starts").read_text()
    assert kept.split() == ["1", "2", "2"]


def starts(place: Place, instance: int) -> list[str]:
    """The versions that have used an instance's volume, asked of the instance itself."""
    return ask(place.pods()[instance]["status"]["podIP"], "/starts").split()


def back(place: Place, instance: int, lost: str) -> bool:
    pod: dict[str, Any] | None = place.pods().get(instance)
    if pod is None or pod["metadata"]["uid"] == lost:
        return False
    conditions = pod["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
