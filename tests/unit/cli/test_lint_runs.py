"""What lint says of Cron and Adhoc Jobs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cli.manifests import container, errors, job, warnings


def cron(schedule: str, **fields: Any) -> dict[str, Any]:
    return job({"type": "Cron", "cron": {"schedule": schedule, **fields}})


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"schedule": "61 * * * *"}, "schedule", "not within 0-59"),
        ({"schedule": "* * * *"}, "schedule", "has 5 fields"),
        ({"schedule": "0 0 30 2 *"}, "schedule", "never comes"),
        ({"schedule": "@daily", "timeZone": "Mars/Olympus"}, "timeZone", "Mars/Olympus"),
    ],
)
def test_a_schedule_that_cannot_be(fields: dict[str, Any], field: str, text: str) -> None:
    assert text in errors(cron(**fields))[f"spec.cron.{field}"]


@pytest.mark.parametrize(
    ("deadline", "policy", "said"),
    [(30, None, True), (31, None, False), (30, "CancelNew", False), (None, None, False)],
)
def test_a_run_that_starts_too_late(deadline: int | None, policy: str | None, said: bool) -> None:
    obj = cron("@daily", startingDeadlineSeconds=deadline)
    obj["spec"]["collisionPolicy"] = policy
    assert ("spec.cron.startingDeadlineSeconds" in warnings(obj)) is said


def test_a_placeholder_where_kubernetes_expands_nothing() -> None:
    obj = container(workingDir="/{{echelon.instance}}")
    obj["spec"] |= {"type": "Adhoc"}
    said = errors(obj)["spec.template.spec.containers[0].workingDir"]
    assert "ECHELON_INSTANCE" in said


def test_a_run_needs_no_readiness_probe() -> None:
    obj = container(args=["{{echelon.instance}}"])
    del obj["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]
    assert "spec.template.spec.containers" in warnings(obj)
    obj["spec"] |= {"type": "Adhoc"}
    assert (errors(obj), warnings(obj)) == ({}, {})
