"""A Job whose last Update ended badly: whether that still counts, and what is said of it.

It counts until a new template takes the place of the failed one: as soon as its Update is about to
start, and also while that Update waits because somebody has chosen so.
"""

from __future__ import annotations

from controller.api.job import LastAttempt
from controller.api.update import Phase
from controller.core.admission import automatic, thaw
from controller.core.job import pending
from controller.core.model.conditions import Wanted
from controller.core.model.context import Context
from controller.core.status import outcome


def starts(context: Context) -> bool:
    """Whether an Update of the operator's is about to start. Then the Job is not ``Stalled`` by the
    end of the last Update, not for an instant."""
    begins = automatic.starts(context) and not automatic.refused(context)
    return begins or thaw.wanted(context)


def is_past(context: Context) -> bool:
    """Whether a new template has taken the place of the one that failed."""
    waits = automatic.waits_by_choice(context) and not automatic.policy_refused(context)
    return starts(context) or (bool(waits) and not automatic.refused(context))


def rolled_back(context: Context) -> Wanted:
    """Whether the last Update was rolled back. True until a new template takes its place, or until
    all ids are assigned the present template."""
    last = context.status.last_attempt
    undone = last is not None and last.outcome == Phase.ROLLED_BACK
    if undone and not (context.status.active_update or context.at_template or is_past(context)):
        return Wanted(True, "RolledBack", outcome.words(context))
    return Wanted(False, "NotRolledBack")


def why(context: Context, last: LastAttempt) -> tuple[str, str] | None:
    """Why the Job does not run its template and will not by itself. Returns None if it does, or if
    it is so on purpose."""
    if is_past(context) or (context.at_template and context.new_template):
        return None  # Also if the user restored the template that all instances run.
    if last.outcome in (Phase.FAILED, Phase.ERROR):
        return f"Update{last.outcome}", outcome.words(context)
    if context.at_template:
        return None
    if context.new_template and automatic.known_bad(context):
        return pending.why(context)
    if last.outcome == Phase.ROLLED_BACK:
        return "RolledBack", outcome.words(context)
    if last.outcome == Phase.ABORTED and context.is_mixed:
        return "Aborted", f"{outcome.words(context)}; instances are at different revisions"
    # The failed Update was aborted or deleted, or a restart came after it.
    return pending.why(context) if automatic.known_bad(context) else None
