"""How one instance is changed, on real containers: in place, resized, beside the old one."""

from __future__ import annotations

from typing import Any

from tests.e2e import web
from tests.e2e.asking import Asking
from tests.e2e.place import Object, Place


def template(tag: str, cpu: str = "20m") -> Object:
    made: Object = web.template(tag)
    made["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu}}
    return made


def served(place: Place, replacement: str, **job: Any) -> None:
    place.create(web.service())
    update = {"replacement": replacement}
    place.made(web.job(pod=template("1"), update=update, **job))


def identities(place: Place) -> dict[int, tuple[str, str, str]]:
    """uid, address and node of each instance's pod."""
    return {
        i: (pod["metadata"]["uid"], pod["status"]["podIP"], pod["spec"]["nodeName"])
        for i, pod in place.pods().items()
    }


def restarts(place: Place) -> dict[int, int]:
    return {
        i: pod["status"]["containerStatuses"][0]["restartCount"] for i, pod in place.pods().items()
    }


def test_an_image_is_changed_in_place(place: Place) -> None:
    served(place, "InPlace")
    before = identities(place)
    with Asking(place) as asking:
        asking.answered("1", 5)
        update = place.wait_update(place.change(template("2")))
        asking.answered("2", 30)
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert identities(place) == before, "the same pods, addresses and nodes"
    assert restarts(place) == {0: 1, 1: 1, 2: 1}
    assert asking.tally.nobody == 0
    assert place.wait_ready()["status"]["availableInstances"] == 3


def test_a_bad_image_goes_back_in_place(place: Place) -> None:
    served(place, "InPlace", instances=2)
    before = identities(place)
    update = place.wait_update(place.change(template("crash")))
    assert update["status"]["phase"] == "RolledBack", update["status"]
    assert identities(place) == before
    place.wait(
        "both to serve again", lambda: place.job()["status"]["availableInstances"] == 2 or None
    )


def test_a_resize_restarts_nothing(place: Place) -> None:
    served(place, "InPlace", instances=2)
    before = identities(place)
    update = place.wait_update(place.change(template("1", cpu="30m")))
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert identities(place) == before
    assert restarts(place) == {0: 0, 1: 0}
    for pod in place.pods().values():
        given = pod["status"]["containerStatuses"][0]["resources"]["requests"]["cpu"]
        assert given == "30m"


def test_a_surge_under_load_loses_no_request(place: Place) -> None:
    served(place, "Surge", instances=2)
    before = identities(place)
    with Asking(place) as asking:
        asking.answered("1", 10)
        update = place.wait_update(place.change(template("2")))
        asking.answered("2", 30)
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
    assert set(asking.tally.answers) == {"1", "2"}
    assert set(identities(place).values()).isdisjoint(before.values())
    assert place.wait_ready()["status"]["slots"] == "0-1"


def test_a_single_instance_surges_without_a_gap(place: Place) -> None:
    served(place, "Surge", instances=1)
    with Asking(place) as asking:
        asking.answered("1", 5)
        place.wait_update(place.change(template("2")))
        asking.answered("2", 20)
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
