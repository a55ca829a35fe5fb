"""A real web server is updated to good and bad versions while clients send requests."""

from __future__ import annotations

from datetime import datetime, timedelta

from hack.e2e.webserver import EXIT_CODE, LAST_WORDS, image
from tests.e2e import web
from tests.e2e.asking import Asking, ask
from tests.e2e.place import Object, Place, condition


def served(place: Place, tag: str = "1", **job: object) -> Object:
    """Create a Job of the web server and its Service, and wait until it is Ready."""
    place.create(web.service())
    return place.made(web.job(tag, **job))  # type: ignore[arg-type]


def uids(place: Place) -> dict[int, str]:
    return {instance: pod["metadata"]["uid"] for instance, pod in place.pods().items()}


def test_a_good_version_is_rolled_without_a_failed_request(place: Place) -> None:
    served(place)
    before = uids(place)
    with Asking(place) as asking:
        asking.answered("1", 10)
        update = place.wait_update(place.change(web.template("2")))
        asking.answered("2", 30)
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert update["status"]["counts"]["updated"] == 3
    after = uids(place)
    assert all(after[instance] != before[instance] for instance in range(3))
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
    assert set(asking.tally.answers) == {"1", "2"}
    assert place.wait_ready()["status"]["availableInstances"] == 3


def rolled_back(place: Place, tag: str) -> Object:
    """Update to a bad version and check that it rolls back without a failed request. Returns the
    Update."""
    served(place)
    before = uids(place)
    with Asking(place) as asking:
        update = place.wait_update(place.change(web.template(tag)))
        asking.answered("1", 30)
    status: Object = update["status"]
    assert status["phase"] == "RolledBack", status
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
    assert set(asking.tally.answers) == {"1"}
    after = uids(place)
    assert after[0] != before[0]
    assert {i: after[i] for i in (1, 2)} == {i: before[i] for i in (1, 2)}, "never touched"
    found = place.job()
    assert condition(found, "Stalled")
    assert condition(found, "RolledBack")
    assert found["status"]["availableInstances"] == 3
    return status


def test_a_version_that_is_never_ready_is_rolled_back(place: Place) -> None:
    status = rolled_back(place, "unready")
    (failure,) = status["failures"]
    assert failure["instance"] == 0
    assert failure["node"] == "real-0"


def test_a_version_that_crashes_on_start_is_rolled_back(place: Place) -> None:
    status = rolled_back(place, "crash")
    failure = status["failures"][0]
    assert failure["instance"] == 0
    assert failure["exitCode"] == EXIT_CODE
    assert LAST_WORDS in failure["message"]


def test_an_image_that_does_not_exist_is_rolled_back(place: Place) -> None:
    status = rolled_back(place, "missing")
    failure = status["failures"][0]
    assert failure["instance"] == 0
    assert failure["reason"] in ("ErrImagePull", "ImagePullBackOff")
    assert image("missing") in failure["message"]


def test_a_slow_shutdown_is_waited_for(place: Place) -> None:
    """An instance that drains still answers, and its successor waits for its end."""
    served(place, pod=web.template("1", drain=5), instances=2)
    old = place.pods()[0]
    with Asking(place) as asking:
        name = place.change(web.template("2"))
        since = place.wait("the end of instance 0 to begin", lambda: told_to_end(place, 0))
        assert ask(old["status"]["podIP"]).startswith("1 0 "), (
            "clients that know its address still get answers"
        )
        update = place.wait_update(name)
        asking.answered("2", 10)
    assert update["status"]["phase"] == "RolledForward", update["status"]
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
    begun = datetime.fromisoformat(place.pods()[0]["metadata"]["creationTimestamp"])
    assert (begun - since).total_seconds() >= 5


def told_to_end(place: Place, instance: int) -> datetime | None:
    """The time of the delete request: deletionTimestamp is the end of the grace period."""
    meta = place.pods()[instance]["metadata"]
    if "deletionTimestamp" not in meta:
        return None
    grace = timedelta(seconds=meta["deletionGracePeriodSeconds"])
    return datetime.fromisoformat(meta["deletionTimestamp"]) - grace
