"""For how long the instances of a Job have been available, from its pods."""

from __future__ import annotations

from controller.api.ids import Ids
from controller.view.uptime import ids_of, uptimes_of
from tests.unit.view.raw import NOW, job, pod, ranges

WEB = job(4, assigned=ranges(a="0-2", b="3"))


def test_the_time_counts_since_min_ready_seconds_were_over() -> None:
    pods = [pod(0, ready_for=600.0), pod(1, ready_for=60.0), pod(2, ready_for=5.0)]
    assert ids_of(WEB) == Ids.span(0, 4)
    assert uptimes_of(WEB, ids_of(WEB), pods, NOW) == [0.0, 0.0, 50.0, 590.0]


def test_only_the_instances_that_are_asked_for_count() -> None:
    pods = [pod(0, ready_for=600.0), pod(1, ready_for=60.0)]
    assert uptimes_of(WEB, Ids([1, 3]), pods, NOW) == [0.0, 50.0]


def test_pods_that_stop_or_ended_or_are_of_others_do_not_count() -> None:
    stops = pod(0)
    stops["metadata"]["deletionTimestamp"] = stops["metadata"]["creationTimestamp"]
    other = pod(1)
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "r1"}
    other["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    pods = [stops, other, pod(2, phase="Failed"), pod(3, ready_for=None)]
    assert uptimes_of(WEB, ids_of(WEB), pods, NOW) == [0.0] * 4


def test_in_a_surge_the_older_pod_counts() -> None:
    twin = pod(0, ready_for=20.0)
    twin["metadata"]["name"] = "web-0-s"
    for pods in ([pod(0, ready_for=600.0), twin], [twin, pod(0, ready_for=600.0)]):
        assert uptimes_of(WEB, Ids([0]), pods, NOW) == [590.0]
