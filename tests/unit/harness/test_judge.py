"""Writes without a precondition are found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hack.harness.audit import Request, pods_deleted
from hack.harness.judge import unconditional


def asked(verb: str, resource: str, body: Any, sub: str = "", **more: Any) -> Request:
    fields = {"code": 200, "dry_run": False, **more}
    return Request(
        at=datetime.now(UTC),
        user="u",
        agent="a",
        verb=verb,
        resource=resource,
        subresource=sub,
        namespace="n",
        name="web-0",
        denied=False,
        body=body,
        **fields,
    )


UID = {"metadata": {"uid": "1"}}
TESTED = [{"op": "test", "path": "/metadata/uid", "value": "1"}]


@pytest.mark.parametrize(
    "request_",
    [
        asked("delete", "pods", {"preconditions": {"uid": "1"}}),
        asked("patch", "pods", UID),
        asked("patch", "pods", TESTED),
        asked("patch", "updates", {"metadata": {"resourceVersion": "7"}}, "status"),
        asked("delete", "pods", {}, code=409),
        asked("delete", "pods", {}, dry_run=True),
        asked("delete", "pods", None),
        asked("create", "pods", {}),
        asked("create", "pods", {"deleteOptions": {"preconditions": {"uid": "1"}}}, "eviction"),
        asked("patch", "nodes", UID),
    ],
)
def test_these_are_conditional_or_need_not_be(request_: Request) -> None:
    assert not [*unconditional([request_])]


@pytest.mark.parametrize(
    "request_",
    [
        asked("delete", "pods", {}),
        asked("delete", "updates", {"preconditions": None}),
        asked("patch", "pods", {"metadata": {"labels": {}}}),
        asked("patch", "pods", [{"op": "replace", "path": "/spec", "value": {}}]),
        asked("patch", "echelonjobs", {"status": {}}, "status"),
        asked("patch", "nodes", {"spec": {"unschedulable": True}}),
        asked("create", "pods", {"deleteOptions": {}}, "eviction"),
    ],
)
def test_these_have_no_precondition(request_: Request) -> None:
    (found,) = unconditional([request_])
    assert "no precondition" in found


def test_a_delete_that_is_repeated_for_the_same_uid_is_one() -> None:
    one, two = ({"preconditions": {"uid": uid}} for uid in "12")
    requests = [asked("delete", "pods", body) for body in (one, one, two)]
    refused = asked("delete", "pods", {"preconditions": {"uid": "3"}}, code=409)
    assert pods_deleted([*requests, refused]) == {"web-0": 2}
