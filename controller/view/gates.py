"""What a gate asks, in words: whom, what for, and which answers decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.api.gate import Gate, OnInconclusive, Scope
from controller.api.progress import GateStatus
from controller.view.words import age

_UNDECIDED: Final = {
    OnInconclusive.PAUSE: "the Update pauses",
    OnInconclusive.FAIL: "the gate fails",
    OnInconclusive.PASS: "the gate passes",
}


def group_of(gate: Gate, state: GateStatus | None) -> str:
    """The number of the group that the gate was asked about last, as people count; "" if it was not
    asked yet, or is asked about no group."""
    if gate.scope is not Scope.BATCH or state is None or state.started_at is None:
        return ""
    return str(state.group + 1)


def facts(gate: Gate) -> list[tuple[str, str]]:
    """What the gate asks, and which answers decide: names and values."""
    return [*_question(gate), ("decides", _decides(gate))]


def _question(gate: Gate) -> Iterator[tuple[str, str]]:
    if asked := gate.prometheus:
        yield "asks", asked.address
        yield "query", asked.query
        yield "condition", asked.condition
        if least := asked.min_samples:
            yield "samples", f"at least {least.at_least:g} of {least.query}"
    elif http := gate.http:
        yield "asks", f"GET {http.url}"
        yield "condition", f"status {' or '.join(map(str, http.expect_status or (200,)))}"
    elif hook := gate.webhook:
        yield "asks", f"POST {hook.url}"
        if hook.headers_from:
            yield "headers", f"those of Secret {hook.headers_from}"
    elif gate.job:
        yield "asks", "a batch/v1 Job, which must complete"
    else:
        yield "asks", "restarts and lost readiness of updated instances, beside those of the others"


def _decides(gate: Gate) -> str:
    if gate.dry_run:
        return "nothing (dry run)"
    successes, failures = gate.successes, gate.failures
    passes = "1 success passes it" if successes == 1 else f"{successes} successes in a row pass it"
    fails = "1 failure fails it" if failures == 1 else f"{failures} failures in a row fail it"
    late = _UNDECIDED[gate.on_inconclusive]
    return (
        f"{passes}, {fails}; asked every {age(gate.interval_seconds)}; "
        f"without a verdict after {age(gate.timeout_seconds)} {late}"
    )
