"""A pod that was made before its claims is found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hack.chaos.mounting import judge
from hack.harness.audit import Request
from hack.harness.pods import slim
from hack.harness.sightings import Seen


def asked(verb: str, resource: str, name: str, code: int = 201, **more: Any) -> Request:
    fields = {"subresource": "", "dry_run": False, "denied": False, **more}
    at = datetime.now(UTC)
    return Request(
        at, "u", "a", verb, resource, fields.pop("subresource"), "n", name, code, **fields
    )


def claim(name: str, verb: str = "create", code: int = 201, **more: Any) -> Request:
    return asked(verb, "persistentvolumeclaims", name, code, **more)


def pod(name: str) -> Request:
    return asked("create", "pods", name)


def seen(name: str, *claims: str, type: str = "ADDED") -> Seen:
    volumes: list[Any] = [{"name": "scratch", "emptyDir": {}}]
    volumes += [{"name": c, "persistentVolumeClaim": {"claimName": c}} for c in claims]
    raw = {
        "metadata": {"name": name, "uid": "u", "creationTimestamp": "then"},
        "spec": {"containers": [{}], "volumes": volumes},
    }
    return Seen(1, "Pod", type, "n", name, slim(raw), 0.0)


def faults(events: list[Seen], *requests: Request) -> list[str]:
    return [*judge(events, requests)]


def test_claims_that_were_made_or_taken_over_before_the_pod_are_right() -> None:
    mine = seen("web-0", "data-web-0", "logs-web-0")
    before = claim("data-web-0"), claim("logs-web-0", "patch", 200)
    assert faults([mine], *before, pod("web-0")) == []
    assert faults([mine, mine], *before, pod("web-0"), pod("web-0")) == []


def test_a_claim_that_came_later_or_never_is_found() -> None:
    words = "pod web-0 was made before its claim data-web-0"
    mine = seen("web-0", "data-web-0")
    assert faults([mine], pod("web-0"), claim("data-web-0")) == [words]
    assert faults([mine], claim("data-web-0", code=409), pod("web-0")) == [words]
    assert faults([mine], claim("data-web-0", dry_run=True), pod("web-0")) == [words]
    assert faults([mine], claim("data-web-1"), pod("web-0")) == [words]


def test_each_life_of_a_pod_is_looked_at() -> None:
    """The second one mounts a claim more, which the first one did not need."""
    events = [seen("web-0", "data"), seen("web-0", "data", type="MODIFIED")]
    events += [seen("web-0", "data", "logs")]
    requests = [claim("data"), pod("web-0"), claim("logs"), pod("web-0")]
    assert faults(events, *requests) == []
    late = [claim("data"), pod("web-0"), pod("web-0"), claim("logs")]
    assert faults(events, *late) == ["pod web-0 was made before its claim logs"]


def test_pods_of_others_are_not_judged() -> None:
    assert faults([seen("peer-0", "data-peer-0")]) == []
