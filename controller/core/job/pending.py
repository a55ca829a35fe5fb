"""The condition ``UpdatePending``: which instances do not run the present template, and why.

It derives from ``Job.status`` alone, because the last Update may be deleted by then.
"""

from __future__ import annotations

from typing import Final

from controller.api.job import LastAttempt
from controller.api.policy import Mode
from controller.api.update import Phase
from controller.core.admission import thaw
from controller.core.admission.automatic import (
    awaits_instances,
    known_bad,
    policy_refused,
    refused,
    start_refused,
    wait,
    wanted,
)
from controller.core.model.conditions import Wanted
from controller.core.model.context import Context
from controller.core.model.observed import Verdict
from controller.core.refusals import writes as refused_writes
from controller.core.status import outcome
from controller.core.status.outcome import (
    CANARY,
    FAILURES_TOLERATED,
    NOTHING_LEFT,
    OLDER_REVISION,
    TEMPLATE_REFUSED,
)

_ON_PURPOSE: Final = {
    CANARY: "{update} was for some instances only",
    FAILURES_TOLERATED: "{update} tolerated their failures",
    OLDER_REVISION: "{update} went to an older revision",
}


def condition(context: Context) -> Wanted:
    """The condition as it should be now."""
    if found := why(context):
        return Wanted(True, *found)
    if (held := context.status.active_update) is not None:
        return Wanted(False, "UpdateActive", f"Update {held.name} is active")
    if context.status.last_attempt is None:
        return Wanted(False, "NotCreated", "the instances are not created yet")
    return Wanted(False, "UpToDate", f"all instances are assigned {context.observed.revision}")


def why(context: Context) -> tuple[str, str] | None:
    """Reason and message of a template that waits. Returns None if no template waits."""
    last, held = context.status.last_attempt, context.status.active_update is not None
    if last is None or (context.at_template and not held):
        return None
    if context.new_template:
        return _untried(context, held)
    return None if held else _tried(context, last)


def about_template(verdict: Verdict) -> str:
    """The API server's words about a template that it refused."""
    return f"{TEMPLATE_REFUSED}: {verdict.message}"


def _untried(context: Context, held: bool) -> tuple[str, str] | None:
    """Why the present template was not tried yet."""
    verdict = context.observed.verdict
    if verdict and refused(context):
        return verdict.reason, about_template(verdict)
    if bad := policy_refused(context):
        return bad
    if known_bad(context):
        return "KnownBad", _failed_before(context)
    if context.job.spec.update.mode is Mode.MANUAL:
        return "Manual", "waiting for an Update object"
    if awaits_instances(context):
        return NOTHING_LEFT, "the template is tried again when the Job has instances"
    if not wanted(context):
        return "UpdateActive", "another Update is active"
    if found := wait(context):
        return found
    if write := start_refused(context):
        return write[1].reason, refused_writes.words(write)
    return None if held else ("TemplateChanged", "an Update is about to start")


def _failed_before(context: Context) -> str:
    """Why a known-bad template waits, and what the user can do."""
    revision = context.observed.revision
    bad = context.revisions.bad(revision)
    assert bad is not None, "a known-bad template is in the list"
    automatic = context.job.spec.update.mode is Mode.AUTOMATIC
    retry = (
        "change spec.update.retryToken" if automatic else "create an Update with spec.force: true"
    )
    advice = f"change the template, or {retry} to try it again"
    words = f"revision {revision} failed before{outcome.when(bad)} ({bad.reason}); {advice}"
    held_back = outcome.count_refused(context)
    return words + (f"; {held_back}" if held_back else "")


def _tried(context: Context, last: LastAttempt) -> tuple[str, str]:
    """Why instances are at another revision although the present template was tried."""
    if write := thaw.start_refused(context):
        return write[1].reason, refused_writes.words(write)
    if last.outcome == Phase.ROLLED_BACK:
        return "RolledBack", outcome.words(context)
    if last.outcome in (Phase.FAILED, Phase.ERROR):
        return f"Update{last.outcome}", outcome.words(context)
    if known_bad(context) and not (last.outcome == Phase.ABORTED and context.is_mixed):
        return "KnownBad", _failed_before(context)
    if last.outcome == Phase.ABORTED:
        return "Aborted", f"{older(context)} ({outcome.words(context)})"
    if context.job.spec.update.mode is Mode.MANUAL:
        return "Manual", f"{older(context)}; waiting for an Update object"
    # Without a reason they were frozen when the template was tried.
    why = _ON_PURPOSE.get(last.reason or "", "") if last.update else ""
    return last.reason or OLDER_REVISION, older(context) + (
        f" ({why.format(update=last.update)})" if why else ""
    )


def older(context: Context) -> str:
    """The instances that are assigned another revision than the present template's."""
    frozen = context.frozen - context.thawing
    parts = [
        f"instance{'' if len(ids) == 1 else 's'} {ids}: revision {revision}"
        for revision, every in context.assigned.items()
        if revision != context.observed.revision and (ids := every - frozen)
    ]
    return ", ".join(parts) or f"new instances start at {context.status.current_revision}"
