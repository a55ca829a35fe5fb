"""First creation: no Update, all instances at once (contract rule 2)."""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.job import LastAttempt
from controller.core import assigned as asg
from controller.core.admission import policy_refused, template_write
from controller.core.case import Case
from controller.core.plan import Event, Write, WriteJob
from controller.core.scale import inherited


def create(case: Case) -> Write | None:
    """The next write of a Job that was never created. None: it was, or its template is refused."""
    seen, spec = case.seen, case.job.spec
    if case.status.last_attempt is not None or policy_refused(case) is not None:
        return None
    if write := template_write(case):
        return write
    if seen.verdict is None or not seen.verdict.accepted:
        return None
    assigned = inherited(case, Ids.span(0, spec.instances))
    status = case.status.model_copy(
        update={
            "assigned": asg.write(assigned),
            "instances_in_force": spec.instances,
            "current_revision": seen.revision,
            "update_revision": seen.revision,
            "last_attempt": LastAttempt(
                revision=seen.revision, retry_token=spec.update.retry_token
            ),
        }
    )
    note = f"{spec.instances} instances at revision {seen.revision}"
    return WriteJob(status, (Event("Created", note),))
