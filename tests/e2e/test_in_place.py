"""Replacement InPlace on a real kubelet: containers are restarted or resized, pods stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hack.e2e import images, webserver
from hack.e2e.node import RealNode
from tests.e2e import web
from tests.e2e.place import Object, Place

SMALL = {"cpu": "20m", "memory": "16Mi"}


def sized(tag: str, cpu: str = "40m", memory: str = "32Mi", **fields: Any) -> Object:
    made = web.template(tag, drain=0)
    limits = {"cpu": cpu, "memory": memory}
    made["spec"]["containers"][0] |= {"resources": {"requests": SMALL, "limits": limits}, **fields}
    return made


def served(place: Place, pod: Object, instances: int = 2) -> dict[int, str]:
    """Create a Job with replacement InPlace and wait until it is Ready. Returns its pods' uids."""
    place.made(web.job(pod=pod, instances=instances, update={"replacement": "InPlace"}))
    return uids(place)


def uids(place: Place) -> dict[int, str]:
    return {instance: pod["metadata"]["uid"] for instance, pod in place.pods().items()}


def restarts(place: Place) -> list[int]:
    pods = place.pods()
    return [pods[i]["status"]["containerStatuses"][0]["restartCount"] for i in sorted(pods)]


def rolled(place: Place, pod: Object) -> Object:
    update = place.wait_update(place.change(pod))
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert "failures" not in update["status"], update["status"]
    return update


def test_another_image_restarts_the_container_in_its_pod(place: Place) -> None:
    before = served(place, sized("1"))
    rolled(place, sized("2"))
    assert uids(place) == before
    assert restarts(place) == [1, 1]
    rolled(place, sized("3"))
    assert uids(place) == before
    assert restarts(place) == [2, 2]


def test_an_image_that_has_another_name_already_is_in_effect(
    place: Place, node: RealNode, tmp_path: Path
) -> None:
    """A released image is often the same as the tested one; a runtime reports it under either
    name."""
    names = [webserver.image(tag) for tag in ("1-candidate", "1-released")]
    layer = webserver.layer(tmp_path)
    same = [webserver.version(layer, name, "1") for name in names]
    node.load(images.archive(tmp_path / "same.tar", same))
    before = served(place, sized("1-candidate"), instances=1)
    rolled(place, sized("1-released"))
    assert uids(place) == before
    assert restarts(place) == [1]
    reported = place.pods()[0]["status"]["containerStatuses"][0]["image"]
    place.notes.append(f"asked for {names[1]}, the runtime says {reported}")


def test_other_resources_are_resized_without_a_restart(place: Place) -> None:
    before = served(place, sized("1"))
    rolled(place, sized("1", cpu="60m"))
    assert uids(place) == before
    assert restarts(place) == [0, 0]
    for pod in place.pods().values():
        assert pod["status"]["containerStatuses"][0]["resources"]["limits"]["cpu"] == "60m"


def test_a_resize_may_restart_the_container(place: Place) -> None:
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    before = served(place, sized("1", resizePolicy=policy))
    rolled(place, sized("1", memory="48Mi", resizePolicy=policy))
    assert uids(place) == before
    assert restarts(place) == [1, 1]


@pytest.mark.parametrize("tag", ["crash", "unready", "missing"])
def test_a_bad_image_is_taken_back_in_the_same_pod(place: Place, tag: str) -> None:
    before = served(place, sized("1"))
    update = place.wait_update(place.change(sized(tag)))
    assert update["status"]["phase"] == "RolledBack", update["status"]
    place.wait(
        "all instances to serve again", lambda: place.job()["status"]["availableInstances"] == 2
    )
    assert uids(place)[1] == before[1], "never touched"
    failure = update["status"]["failures"][0]
    place.notes.append(f"{failure['reason']}: {failure['message']}")
    place.notes.append(f"same pod: {uids(place) == before}, restarts {restarts(place)}")
