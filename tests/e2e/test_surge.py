"""Replacement Surge on a real kubelet: the new pod starts first, and no request fails."""

from __future__ import annotations

from tests.e2e import web
from tests.e2e.asking import Asking
from tests.e2e.place import Place


def served(place: Place, instances: int) -> None:
    place.create(web.service())
    place.made(web.job(instances=instances, update={"replacement": "Surge"}))


def identities(place: Place) -> set[str]:
    return {pod["metadata"]["uid"] for pod in place.pods().values()}


def test_a_surge_under_load_loses_no_request(place: Place) -> None:
    served(place, 2)
    before = identities(place)
    with Asking(place) as asking:
        asking.answered("1", 10)
        update = place.wait_update(place.change(web.template("2")))
        asking.answered("2", 30)
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
    assert set(asking.tally.answers) == {"1", "2"}
    assert identities(place).isdisjoint(before)
    assert place.wait_ready()["status"]["slots"] == "0-1"


def test_a_single_instance_surges_without_a_gap(place: Place) -> None:
    served(place, 1)
    with Asking(place) as asking:
        asking.answered("1", 5)
        place.wait_update(place.change(web.template("2")))
        asking.answered("2", 20)
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
