"""How the last Update of a Job ended, in words for the conditions of the Job.

The Update itself may be deleted by then: what is said derives from ``Job.status`` alone.
"""

from __future__ import annotations

from typing import Final

from controller.api.update import Phase
from controller.core.model.context import Context

#: Ends of an Update that may have put a count back.
UNDONE = (Phase.ROLLED_BACK, Phase.FAILED, Phase.ABORTED)
# Why instances are left at another revision than that of the present template, or without one.
CANARY: Final = "Canary"
OLDER_REVISION: Final = "OlderRevision"
FAILURES_TOLERATED: Final = "FailuresTolerated"
#: A scale took all instances from the Update: it brought its template nowhere.
NOTHING_LEFT: Final = "NothingLeft"


def words(context: Context) -> str:
    """``<Update>: <why it ended so>``, and which count a rollback holds back."""
    last = context.status.last_attempt
    if last is None:
        return ""
    why = last.message
    if not why:  # It ended before messages were kept.
        bad = next((b for b in context.status.known_bad if b.revision == last.revision), None)
        why = bad.reason if bad else f"ended {last.outcome}"
    held_back = count_refused(context)
    return f"{last.update}: {why}" + (f"; {held_back}" if held_back else "")


def count_refused(context: Context) -> str:
    """What follows from a ``spec.instances`` that a rollback overruled, and how to end it; ""
    while none is."""
    status, last = context.status, context.status.last_attempt
    refused, kept = status.instances_refused, status.instances_in_force
    if refused is None or kept is None or refused != context.job.spec.instances:
        return ""
    by = last.update if last and last.outcome in UNDONE else None
    return (
        f"{_instances(refused)} refused with {by or 'an earlier Update'}; {kept} "
        f"{'is' if kept == 1 else 'are'} kept until spec.instances changes; percentages of "
        f"PodDisruptionBudgets count against spec.instances ({refused}) and may block every "
        f"eviction: set spec.instances to {kept}, or to the count you want"
    )


def _instances(count: int) -> str:
    return "1 instance was" if count == 1 else f"{count} instances were"
