"""Errors of the API server in the form for the core, and logs of illegal transitions."""

from __future__ import annotations

import pytest

from controller.core.refusals.judgement import ErrorAnswer
from controller.kube.errors import ApiError, Unreachable, from_status
from controller.reconcile import refusal

CAUSES = {"causes": [{"reason": "NamespaceTerminating"}, {"field": "spec"}]}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            from_status({"reason": "Forbidden", "message": "no", "details": CAUSES}, 403),
            ErrorAnswer(403, "Forbidden", "no", ("NamespaceTerminating", "None"), "Forbidden"),
        ),
        (
            from_status({"message": "slow down"}, 429, retry_after=30.0),
            ErrorAnswer(429, "", "slow down", kind="TooManyRequests", retry_after=30.0),
        ),
        (
            from_status({"reason": "AlreadyExists"}, 409),
            ErrorAnswer(409, "AlreadyExists", kind="AlreadyExists"),
        ),
        (from_status({}, 503), ErrorAnswer(503, kind="ServerError")),
        (Unreachable("timed out"), ErrorAnswer(0, "Unreachable", "timed out", kind="Unreachable")),
    ],
)
def test_an_error_as_the_core_reads_it(error: ApiError, expected: ErrorAnswer) -> None:
    assert refusal.answer(error) == expected


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
