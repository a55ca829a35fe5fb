"""What a gate asks, in words."""

from __future__ import annotations

import pytest

from controller.api.gate import Gate
from controller.api.progress import GateStatus
from controller.view.gates import facts, group_of

PROMETHEUS = {"address": "http://p", "query": "errors", "condition": "result < 1"}


def gate(**spec: object) -> Gate:
    return Gate.model_validate({"name": "g", **spec})


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            {"prometheus": {**PROMETHEUS, "minSamples": {"query": "hits", "atLeast": 100}}},
            {
                "asks": "http://p",
                "query": "errors",
                "condition": "result < 1",
                "samples": "at least 100 of hits",
            },
        ),
        ({"http": {"url": "http://w/"}}, {"asks": "GET http://w/", "condition": "status 200"}),
        (
            {"http": {"url": "http://w/", "expectStatus": [200, 204]}},
            {"asks": "GET http://w/", "condition": "status 200 or 204"},
        ),
        (
            {"webhook": {"url": "http://w/", "headersFrom": "approvals"}},
            {"asks": "POST http://w/", "headers": "those of Secret approvals"},
        ),
        ({"job": {"template": {}}}, {"asks": "a batch/v1 Job, which must complete"}),
        (
            {"builtin": {}},
            {
                "asks": "restarts and lost readiness of updated instances, beside those of the "
                "others"
            },
        ),
    ],
)
def test_whom_a_gate_asks_and_what(spec: dict[str, object], said: dict[str, str]) -> None:
    *question, (last, _) = facts(gate(**spec))
    assert (dict(question), last) == (said, "decides")


def test_which_answers_decide() -> None:
    once = dict(facts(gate(builtin={}, onInconclusive="Pass", timeoutSeconds=30)))["decides"]
    assert once == (
        "1 success passes it, 1 failure fails it; asked every 10s; "
        "without a verdict after 30s the gate passes"
    )
    assert dict(facts(gate(builtin={}, dryRun=True)))["decides"] == "nothing (dry run)"


@pytest.mark.parametrize(
    ("scope", "started", "group"),
    [("Batch", 5.0, "2"), ("Batch", None, ""), ("Final", 5.0, ""), ("Continuous", 5.0, "")],
)
def test_groups_are_counted_from_1(scope: str, started: float | None, group: str) -> None:
    state = GateStatus(name="g", group=1, started_at=started)
    assert group_of(gate(builtin={}, scope=scope), state) == group
    assert group_of(gate(builtin={}, scope=scope), None) == ""
