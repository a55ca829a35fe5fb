"""The settings of an Update as sentences of two parts."""

from __future__ import annotations

from controller.api.policy import ResolvedPolicy
from controller.api.update import Update
from controller.view.pauses import pauses
from controller.view.words import age, plural


def settings(update: Update) -> list[tuple[str, str]]:
    """What the Update goes by: (name, value). Before its admission, what its spec says."""
    spec, status, found = update.spec, update.status, []
    if spec.instances is not None:
        found.append(("Only instances", spec.instances))
    for name, wanted in (
        ("Restart", "all selected instances, even those at the revision"),
        ("Force", "even to a revision that is known to be bad"),
        ("Dry run", "nothing is changed"),
    ):
        if getattr(spec, name.lower().replace(" ", "_")):
            found.append((name, wanted))
    if spec.parent:
        found.append(("Only from", spec.parent))
    if status.to and status.to.source:
        found.append(("Source", status.to.source))
    if status.to and status.to.parent:
        found.append(("After", status.to.parent))
    if status.policy is not None:
        found += _of_policy(status.policy)
    if status.min_ready_seconds is not None:
        found.append(("Good", f"when Ready for {age(status.min_ready_seconds)}"))
    if spec.message:
        found.append(("Message", spec.message))
    return found


def _of_policy(policy: ResolvedPolicy) -> list[tuple[str, str]]:
    found = [("Strategy", _strategy(policy)), ("Replacement", str(policy.replacement))]
    if policy.max_unavailable is not None:
        found.append(("Unavailable", f"at most {policy.max_unavailable}"))
    if policy.sla_aware:
        found.append(("SLA", "obeyed: none is taken down unless spec.sla of the Job allows it"))
    if policy.ready_timeout_seconds:
        found.append(("Deadline", f"{age(policy.ready_timeout_seconds)} to become good"))
    tolerated = plural(policy.max_failed_instances, "failed instance")
    each = plural(policy.max_failures_per_instance, "failure")
    found.append(("Tolerated", f"{tolerated}, {each} of each instance"))
    found.append(("On failure", "roll back" if policy.rollback_on_failure else "stop"))
    if policy.watch_after_seconds:
        found.append(("Watched", f"{age(policy.watch_after_seconds)} after the last instance"))
    if policy.pulse_interval_seconds is not None:
        found.append(("Pulse", f"needed every {age(policy.pulse_interval_seconds)}"))
    return found


def _strategy(policy: ResolvedPolicy) -> str:
    """``Queue of 2``, ``VariableBatch of 1, 10, then 25 at a time, with a pause before each``."""
    strategy = policy.strategy
    *first, last = strategy.groups
    sizes = f"{', '.join(map(str, first))}, then {last}" if first else str(last)
    words = f"{strategy.type} of {sizes}"
    return f"{words}, with {paused}" if (paused := pauses(strategy)) else words
