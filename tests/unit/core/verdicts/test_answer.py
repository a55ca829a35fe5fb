"""Answers of http, webhook and job gates."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.verdicts.answer import (
    LONGEST_MESSAGE,
    Answer,
    Verdict,
    inconclusive,
    judge_coordinator,
    judge_http,
    judge_job,
    judge_webhook,
)

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


@settings(deadline=None)
@given(st.text(max_size=2000), st.text(max_size=200))
def test_an_answer_is_one_short_line(message: str, value: str) -> None:
    answer = Answer(PASS, message, value)
    assert len(answer.message) <= LONGEST_MESSAGE
    assert len(answer.value or "") <= 64
    assert not answer.message or answer.message.isprintable()
    assert Answer(PASS, answer.message, answer.value) == answer


def test_http_passes_when_all_targets_do() -> None:
    assert judge_http({"a": 200, "b": 204}, (200, 204)) == Answer(PASS, "", "2/2")


def test_http_fails_and_names_the_first_wrong_target_even_if_another_did_not_respond() -> None:
    answer = judge_http({"a": "no route", "b": 503, "c": 500, "d": 200}, (200,))
    assert answer == Answer(FAIL, "b answered 503, not 200 (and 1 more)", "1/4")


def test_an_http_target_without_a_response_is_inconclusive() -> None:
    answer = judge_http({"a": 200, "b": "cannot connect"}, (200,))
    assert answer == Answer(INCONCLUSIVE, "b: cannot connect", "1/2")


def test_http_without_targets_passes() -> None:
    assert judge_http({}, (200,)).verdict is PASS


@settings(deadline=None)
@given(
    st.dictionaries(st.text(max_size=9), st.one_of(st.integers(100, 599), st.text(max_size=9))),
    st.lists(st.integers(100, 599), min_size=1, max_size=3).map(tuple),
)
def test_the_http_verdict_is_that_of_the_worst_target(
    statuses: dict[str, int | str], expect: tuple[int, ...]
) -> None:
    verdict = judge_http(statuses, expect).verdict
    if any(isinstance(s, int) and s not in expect for s in statuses.values()):
        assert verdict is FAIL
    elif any(isinstance(s, str) for s in statuses.values()):
        assert verdict is INCONCLUSIVE
    else:
        assert verdict is PASS


@pytest.mark.parametrize(
    ("text", "verdict"), [("Pass", PASS), ("Fail", FAIL), ("Wait", INCONCLUSIVE)]
)
def test_a_webhook_gives_its_verdict(text: str, verdict: Verdict) -> None:
    body = json.dumps({"verdict": text, "message": "as\nI see it"}).encode()
    answer = judge_webhook(200, body)
    assert answer == Answer(verdict, "as I see it", text)
    assert answer.waiting is (text == "Wait")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, b'{"verdict": "Fail"}', "answered 500, not 200"),
        (204, b"", "answered 204, not 200"),
        (200, b"", "the answer is not JSON"),
        (200, b"\xff\xfe{", "the answer is not JSON"),
        (200, b"[" * 100_000, "the answer is not JSON"),
        (200, b"[]", "the answer is not a JSON object"),
        (200, b"{}", "verdict is missing; it must be Pass, Fail or Wait"),
        (200, b'{"verdict": "pass"}', 'verdict is "pass"; it must be Pass, Fail or Wait'),
        (200, b'{"verdict": ["Pass"]}', 'verdict is ["Pass"]; it must be Pass, Fail or Wait'),
        (200, b'{"verdict": null}', "verdict is null; it must be Pass, Fail or Wait"),
    ],
)
def test_any_other_response_of_a_webhook_is_inconclusive(
    status: int, body: bytes, words: str
) -> None:
    assert judge_webhook(status, body) == inconclusive(words)


@settings(deadline=None)
@given(st.integers(100, 599), st.binary(max_size=60))
def test_any_response_of_a_webhook_has_a_verdict(status: int, body: bytes) -> None:
    assert judge_webhook(status, body).verdict is INCONCLUSIVE


def test_a_webhooks_message_that_is_no_string_is_left_out() -> None:
    assert judge_webhook(200, b'{"verdict": "Fail", "message": {}}') == Answer(FAIL, "", "Fail")


def condition(kind: str, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, **more}


@pytest.mark.parametrize(
    "status",
    [
        None,
        {},
        {"active": 1},
        {"conditions": None},
        {"conditions": ["?"]},
        {"conditions": [{"type": [], "status": "True"}]},
        {"conditions": [condition("Complete", "False")]},
        {"conditions": [condition("SuccessCriteriaMet"), condition("Suspended")]},
        {"conditions": [condition("FailureTarget")]},
    ],
)
def test_a_job_is_running_until_it_has_ended(status: dict[str, object] | None) -> None:
    assert judge_job(status, "") == inconclusive("running")


def test_a_job_that_completed_passes() -> None:
    assert judge_job({"conditions": [condition("Complete")]}, "").verdict is PASS


def test_a_failed_jobs_message_has_the_end_of_its_log() -> None:
    status = {"conditions": [condition("Failed", reason="BackoffLimitExceeded")]}
    answer = judge_job(status, "one\n\n two\n")
    assert answer.verdict is FAIL
    assert answer.message == "the Job failed (BackoffLimitExceeded): one | two"
    long = judge_job(status, "x" * 5000 + " the end")
    assert len(long.message) == LONGEST_MESSAGE
    assert long.message.endswith("x the end")
    assert judge_job(status, "").message == "the Job failed (BackoffLimitExceeded)"


@pytest.mark.parametrize(
    ("status", "body", "verdict", "message", "value"),
    [
        (200, b'{"allow": true}', Verdict.PASS, "", "Allow"),
        (200, b'{"allow": true, "message": "go"}', Verdict.PASS, "go", "Allow"),
        (200, b'{"allow": false, "message": "wait"}', Verdict.FAIL, "wait", "Deny"),
        (200, b'{"allow": false}', Verdict.FAIL, "no", "Deny"),
        (200, b'{"allow": false, "message": 3}', Verdict.FAIL, "no", "Deny"),
        (201, b'{"allow": true}', Verdict.FAIL, "answered 201, not 200", "Invalid"),
        (200, b"true", Verdict.FAIL, "the answer is not a JSON object", "Invalid"),
        (200, b"", Verdict.FAIL, "the answer is not JSON", "Invalid"),
        (200, b"[" * 100_000, Verdict.FAIL, "the answer is not JSON", "Invalid"),
        (200, b'{"allow": 1}', Verdict.FAIL, "allow is 1; it must be true or false", "Invalid"),
        (200, b"{}", Verdict.FAIL, "allow is missing; it must be true or false", "Invalid"),
    ],
)
def test_what_a_coordinator_says(
    status: int, body: bytes, verdict: Verdict, message: str, value: str
) -> None:
    assert judge_coordinator(status, body) == Answer(verdict, message, value)
