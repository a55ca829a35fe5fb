"""Which refusals speak of the pod, and when the create is tried again."""

from __future__ import annotations

import pytest

from controller.kube.errors import (
    AlreadyExists,
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    ServerError,
    TooManyRequests,
    Unreachable,
)
from controller.reconcile import refusal

QUOTA = Forbidden(403, "Forbidden", 'pods "web-0" is forbidden: exceeded quota: q, requested: 1')
GOING = Forbidden(
    403,
    "Forbidden",
    "unable to create new content in namespace x because it is being terminated",
    details={"causes": [{"reason": "NamespaceTerminating"}]},
)


@pytest.mark.parametrize(
    ("error", "reason", "counts"),
    [
        (QUOTA, "QuotaExceeded", True),
        (GOING, "NamespaceTerminating", False),
        (NotFound(404, "NotFound", 'namespaces "x" not found'), "NamespaceTerminating", False),
        (Forbidden(403, "Forbidden", "denied by a policy"), "Forbidden", True),
        (Invalid(422, "Invalid", "spec.x: Invalid value"), "InvalidPod", True),
        (BadRequest(400, "BadRequest", "denied the request"), "Forbidden", True),
        (TooManyRequests(429, "TooManyRequests", "slow down"), "TooManyRequests", False),
        (ServerError(500, "InternalError", "webhook failed"), "InternalError", False),
        (Unreachable("timed out"), "Unreachable", False),
    ],
)
def test_what_a_refusal_is_called_and_whether_it_counts(
    error: ApiError, reason: str, counts: bool
) -> None:
    found = refusal.of(error, None, now=100.0)
    assert (found.reason, found.counts) == (reason, counts)
    assert found.until > 100.0
    assert found.message


def test_repeats_wait_longer_up_to_a_bound() -> None:
    waits, before = [], None
    for _ in range(10):
        before = refusal.of(QUOTA, before, now=0.0)
        waits.append(before.until)
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert waits == sorted(waits)
    assert waits[-1] == refusal.LONGEST


def test_the_server_may_ask_for_longer() -> None:
    error = TooManyRequests(429, "TooManyRequests", "slow down", retry_after=30.0)
    assert refusal.of(error, None, now=0.0).until == 30.0


@pytest.mark.parametrize(
    ("error", "accepted", "answered", "asked_again"),
    [
        (QUOTA, True, True, False),
        (Conflict(409, "Conflict", "x"), True, True, False),
        (AlreadyExists(409, "AlreadyExists", "x"), True, True, False),
        (Invalid(422, "Invalid", "spec.x: Invalid value"), False, True, False),
        (BadRequest(400, "BadRequest", "no"), False, True, False),
        (Forbidden(403, "Forbidden", "denied by a policy"), False, True, True),
        (GOING, False, True, True),
        (ServerError(500, "InternalError", "failed calling webhook"), False, False, True),
        (TooManyRequests(429, "TooManyRequests", "slow down"), False, False, True),
        (Unreachable("timed out"), False, False, True),
    ],
)
def test_what_a_failed_dry_run_says_of_the_template(
    error: ApiError, accepted: bool, answered: bool, asked_again: bool
) -> None:
    found = refusal.verdict(error, 1, now=100.0)
    assert (found.accepted, found.answered) == (accepted, answered)
    assert (found.ask_again is not None) == asked_again
    assert found.ask_again is None or found.ask_again > 100.0


def test_an_illegal_transition_is_logged_once_in_a_row(caplog: pytest.LogCaptureFixture) -> None:
    key, words = ("default", "web"), ("Update web-g2 cannot go from RolledBack to RollingForward",)
    before = refusal.log_illegal(key, (), words)
    before = refusal.log_illegal(key, before, words)
    assert [record.getMessage() for record in caplog.records] == [
        f"refused an illegal transition: {words[0]}"
    ]
    before = refusal.log_illegal(key, before, ())
    refusal.log_illegal(key, before, words)
    assert len(caplog.records) == 2
    assert {record.levelname for record in caplog.records} == {"ERROR"}
