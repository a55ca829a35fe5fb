"""The policy in force of an Update, in words."""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.policy import ResolvedPolicy
from controller.api.update import Update
from controller.cli.planned import strategy
from controller.view.words import age, plural


def policy_lines(update: Update) -> list[tuple[str, str]]:
    """Names and values; nothing before the policy is fixed, which is at admission."""
    policy = update.status.policy
    if policy is None:
        return []
    return [*_lines(policy, update.status.min_ready_seconds)]


def _lines(policy: ResolvedPolicy, min_ready: int | None) -> Iterator[tuple[str, str]]:
    yield "Strategy", f"{strategy(policy)}; {policy.replacement}"
    if policy.max_unavailable is not None:
        yield "", f"none is taken down while {policy.max_unavailable} are unavailable"
    if policy.sla_aware:
        yield "", "none is taken down unless spec.sla and disruption budgets allow it"
    yield "Good", f"Ready for {age(min_ready)}" if min_ready else "Ready"
    limit = policy.ready_timeout_seconds
    yield "Deadline", f"{age(limit)} to become good" if limit else "none"
    if policy.termination_timeout_seconds:
        yield "", f"old pods are force-deleted {age(policy.termination_timeout_seconds)} late"
    tolerated = [
        f"{plural(policy.max_failures_per_instance, 'failure')} per instance",
        plural(policy.max_failed_instances, "failed instance"),
    ]
    yield "Tolerates", ", ".join(tolerated)
    yield "If it fails", "rolls back" if policy.rollback_on_failure else "stops where it is"
    if policy.watch_after_seconds:
        yield "Watches", f"{age(policy.watch_after_seconds)} after the last instance is good"
    if policy.pulse_interval_seconds is not None:
        yield "Pulses", f"waits without one for {age(policy.pulse_interval_seconds)}"
