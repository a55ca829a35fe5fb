"""Messages about the end of a Job's last Update, for the Job's conditions.

They derive from ``Job.status`` alone, because the Update itself may be deleted by then.
"""

from __future__ import annotations

from typing import Final

from controller.api.ids import Ids
from controller.api.known_bad import KnownBad
from controller.api.meta import format_time
from controller.api.update import Phase
from controller.core.model.context import Context

#: Phases of an ended Update that may have restored an earlier number of instances.
UNDONE = (Phase.ROLLED_BACK, Phase.FAILED, Phase.ABORTED)
# Reasons why instances stay at another revision than the present template's.
CANARY: Final = "Canary"
OLDER_REVISION: Final = "OlderRevision"
FAILURES_TOLERATED: Final = "FailuresTolerated"
#: A scale removed all instances of the Update: its template reached no instance.
NOTHING_LEFT: Final = "NothingLeft"
#: With what the message about a template begins that the API server, or a policy in it, refuses.
TEMPLATE_REFUSED: Final = "the template is refused"
#: Reason of an Update that changed nothing but labels.
RELABELLED: Final = "Relabelled"
#: Reason and message of an Update that ended because there was nothing to change.
NO_CHANGE: Final = "NoChange"
UNCHANGED: Final = "all instances are at this revision already"


def words(context: Context) -> str:
    """``<Update>: <why it ended so>``, then `count_refused`. Returns "" without an Update."""
    last = context.status.last_attempt
    if last is None:
        return ""
    why = last.message
    if not why:  # The Update ended under a version that stored no message.
        bad = next((b for b in context.status.known_bad if b.revision == last.revision), None)
        why = bad.reason if bad else f"ended {last.outcome}"
    held_back = count_refused(context)
    return f"{last.update}: {why}" + (f"; {held_back}" if held_back else "")


def is_unchanged(message: str | None) -> bool:
    """Whether this is what an Update says that found nothing to change."""
    return message == UNCHANGED or (message or "").endswith((" is frozen", " are frozen"))


def frozen(ids: Ids) -> str:
    """``instances 3,7 are frozen``."""
    return f"instance {ids} is frozen" if len(ids) == 1 else f"instances {ids} are frozen"


def when(bad: KnownBad) -> str:
    """``, at 2026-01-01T00:00:00Z``: when a revision failed; "" if that is not known."""
    return f", at {format_time(bad.time)}" if bad.time else ""


def count_refused(context: Context) -> str:
    """What it means that a rollback overruled ``spec.instances``, and what to do about it. Returns
    "" if no rollback did."""
    status, last = context.status, context.status.last_attempt
    refused, kept = status.instances_refused, status.instances_in_force
    if refused is None or kept is None or refused != context.job.spec.instances:
        return ""
    by = last.update if last and last.outcome in UNDONE else None
    return (
        f"{by or 'an earlier Update'} overruled spec.instances ({refused}): the Job keeps {kept} "
        f"instance{'' if kept == 1 else 's'} until spec.instances changes; percentages of "
        f"PodDisruptionBudgets count against spec.instances ({refused}) and may block every "
        f"eviction: set spec.instances to {kept}, or to the count you want"
    )
