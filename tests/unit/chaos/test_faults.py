"""What is counted of an operator's requests, and how many of them are disturbed."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from hack.chaos.faults import SHARE, Disturbed, Meter, subject
from hack.harness.proxy import Asked

STATUS = "/apis/echelon.dev/v1alpha1/namespaces/a/updates/web-g2/status"


@pytest.mark.parametrize(
    ("path", "about"),
    [
        (STATUS, "apis/echelon.dev/v1alpha1/namespaces/a/updates/web-g2"),
        ("/api/v1/namespaces/a/pods/web-0", "api/v1/namespaces/a/pods/web-0"),
        ("/api/v1/namespaces/a/pods", ""),
        ("/apis/coordination.k8s.io/v1/namespaces/a/leases/echelon", ""),
        ("/apis/events.k8s.io/v1/namespaces/a/events/web.1", ""),
        ("/api/v1/pods", ""),
    ],
)
def test_an_object_is_known_by_its_path(path: str, about: str) -> None:
    assert subject(Asked("PATCH", path, "")) == about


def test_the_busiest_second_of_one_object_is_found() -> None:
    meter = Meter()
    for moment in (0.0, 0.2, 0.4, 1.3, 5.0):
        meter.take(Asked("PATCH", STATUS, ""), moment)
    meter.take(Asked("GET", "/api/v1/namespaces/a/pods/web-0", ""), 0.5)
    assert meter.most == meter.repeated == 3
    assert [each.split()[0] for each in meter.crowd] == ["-0.400", "-0.200", "0.000"]
    assert meter.crowd[-1].endswith("updates/web-g2/status")
    assert meter.writes == 5


def test_only_equal_requests_are_repeated_whatever_version_they_mean() -> None:
    meter = Meter()
    for number, version in ((1, 7), (2, 8), (2, 9), (3, 10)):
        body = {"metadata": {"resourceVersion": str(version)}, "status": {"updated": number}}
        meter.take(Asked("PATCH", STATUS, "", json.dumps(body).encode()), version / 100)
    assert (meter.most, meter.repeated) == (4, 2)


def test_a_fifth_is_disturbed_in_all_ways_and_watches_only_by_errors() -> None:
    fault = Disturbed(1, Meter())
    pod = Asked("GET", "/api/v1/namespaces/a/pods/web-0", "")
    assert fault(pod) is None, "it is off"
    fault.on = True
    hit = sum(fault(pod) is not None for _ in range(5000))
    assert 0.9 * SHARE < hit / 5000 < 1.1 * SHARE
    assert set(fault.meter.kinds) == {"500", "429", "409", "no answer", "doubled", "late"}
    assert fault.meter.kinds == Counter(fault.meter.kinds)
    watch = Asked("GET", "/api/v1/pods", "watch=1")
    assert all(each is None or each.status for each in map(fault, [watch] * 500))
