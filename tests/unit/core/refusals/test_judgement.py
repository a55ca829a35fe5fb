"""Which refusals speak of the pod, and when the create is tried again."""

from __future__ import annotations

import pytest

from controller.core.refusals import judgement
from controller.core.refusals.judgement import ErrorAnswer

QUOTA = ErrorAnswer(403, "Forbidden", 'pods "web-0" is forbidden: exceeded quota: q, requested: 1')
GOING = ErrorAnswer(403, "Forbidden", "cannot be created", causes=("NamespaceTerminating",))
GOING_IN_WORDS = ErrorAnswer(403, "Forbidden", "not in x because it is being terminated")


@pytest.mark.parametrize(
    ("error", "reason", "counts"),
    [
        (QUOTA, "QuotaExceeded", True),
        (GOING, "NamespaceTerminating", False),
        (GOING_IN_WORDS, "NamespaceTerminating", False),
        (ErrorAnswer(404, "NotFound", 'namespaces "x" not found'), "NamespaceTerminating", False),
        (ErrorAnswer(403, "Forbidden", "denied by a policy"), "Forbidden", True),
        (ErrorAnswer(422, "Invalid", "spec.x: Invalid value"), "InvalidPod", True),
        (ErrorAnswer(400, "BadRequest", "denied the request"), "Forbidden", True),
        (ErrorAnswer(429, "TooManyRequests", "slow down"), "TooManyRequests", False),
        (ErrorAnswer(500, "InternalError", "webhook failed"), "InternalError", False),
        (ErrorAnswer(0, "Unreachable", "timed out"), "Unreachable", False),
        (ErrorAnswer(418, message="no tea", kind="Teapot"), "Teapot", False),
    ],
)
def test_what_a_refusal_is_called_and_whether_it_counts(
    error: ErrorAnswer, reason: str, counts: bool
) -> None:
    found = judgement.refusal(error, None, now=100.0)
    assert (found.reason, found.counts) == (reason, counts)
    assert found.until > 100.0
    assert found.message


def test_repeats_wait_longer_up_to_a_bound() -> None:
    waits, before = [], None
    for _ in range(10):
        before = judgement.refusal(QUOTA, before, now=0.0)
        waits.append(before.until)
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert waits == sorted(waits)
    assert waits[-1] == judgement.LONGEST


def test_the_server_may_ask_for_longer() -> None:
    error = ErrorAnswer(429, "TooManyRequests", "slow down", retry_after=30.0)
    assert judgement.refusal(error, None, now=0.0).until == 30.0


@pytest.mark.parametrize(
    ("error", "accepted", "answered", "asked_again"),
    [
        (QUOTA, True, True, False),
        (ErrorAnswer(409, "Conflict", "x"), True, True, False),
        (ErrorAnswer(409, "AlreadyExists", "x"), True, True, False),
        (ErrorAnswer(422, "Invalid", "spec.x: Invalid value"), False, True, False),
        (ErrorAnswer(400, "BadRequest", "no"), False, True, False),
        (ErrorAnswer(403, "Forbidden", "denied by a policy"), False, True, True),
        (GOING, False, True, True),
        (ErrorAnswer(500, "InternalError", "failed calling webhook"), False, False, True),
        (ErrorAnswer(429, "TooManyRequests", "slow down"), False, False, True),
        (ErrorAnswer(0, "Unreachable", "timed out"), False, False, True),
    ],
)
def test_what_a_failed_dry_run_says_of_the_template(
    error: ErrorAnswer, accepted: bool, answered: bool, asked_again: bool
) -> None:
    found = judgement.verdict(error, 1, now=100.0)
    assert (found.accepted, found.answered) == (accepted, answered)
    assert (found.ask_again is not None) == asked_again
    assert found.ask_again is None or found.ask_again > 100.0


@pytest.mark.parametrize(
    ("error", "stops"),
    [
        (QUOTA, True),
        (GOING, False),
        (ErrorAnswer(422, "Invalid", "x"), True),
        (ErrorAnswer(429, "TooManyRequests", "x"), True),
        (ErrorAnswer(500, "InternalError", "x"), True),
        (ErrorAnswer(401, "Unauthorized", "x"), False),
        (ErrorAnswer(404, "NotFound", "x"), False),
        (ErrorAnswer(409, "Conflict", "x"), False),
        (ErrorAnswer(0, "Unreachable", "x"), False),
    ],
)
def test_whether_a_refusal_stops_that_write_alone(error: ErrorAnswer, stops: bool) -> None:
    assert error.stops_one_write == stops


def test_of_a_refused_write_of_another_object_no_pod_is_invalid() -> None:
    found = judgement.refused_write(ErrorAnswer(422, "Invalid", "x"), None, now=5.0)
    assert (found.reason, found.since) == ("Invalid", 5.0)
    again = judgement.refused_write(ErrorAnswer(403, "Forbidden", ""), found, now=9.0)
    assert (again.reason, again.message, again.since) == ("Forbidden", "Forbidden", 5.0)


@pytest.mark.parametrize(("status", "reason"), [(422, "InvalidGate"), (403, "Forbidden")])
def test_what_is_refused_of_a_gate_names_the_gate(status: int, reason: str) -> None:
    refused = judgement.verdict(ErrorAnswer(status, "x", "no"), 1, now=0.0)
    found = judgement.of_gate("load", refused)
    assert (found.reason, found.message) == (reason, "gate load: no")
