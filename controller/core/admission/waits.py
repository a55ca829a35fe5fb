"""Why an Update may not start yet: one chain of waits for the operator's Updates and for a
person's.

A wait ends by itself and delays the Update; what refuses an Update for good is not here (`target`,
`automatic`). The first wait of the chain is what the Update's status and the Job's condition
`UpdatePending` say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from controller.api.labels import EXPECTED_PARENT
from controller.core.model.context import Context
from controller.core.model.observed import Verdict
from controller.core.status import too_new

#: ``(reason, message)``, as a condition says them.
Wait = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What an Update that wants to start is about.

    ``revision``: its target, "" when it has none or goes to the present template. ``verdict``: the
    API server's answer to the dry run of the target's template; None when it was not asked.
    ``expected_parent``: the revision that has to be the Job's ``currentRevision``, "" for any.
    """

    revision: str = ""
    verdict: Verdict | None = None
    expected_parent: str = ""


Checks = tuple[Callable[[Context, Candidate], Wait | None], ...]


def first(context: Context, candidate: Candidate) -> Wait | None:
    """The first wait of the chain. Returns None if the Update has to wait for nothing."""
    return _first(WAITS, context, candidate)


def by_choice(context: Context, candidate: Candidate) -> Wait | None:
    """The first wait that somebody has chosen for this Update. Meanwhile the Job is `Ready`.
    Returns None if there is none."""
    return _first(BY_CHOICE, context, candidate)


def _first(chain: Checks, context: Context, candidate: Candidate) -> Wait | None:
    waits = (wait for check in chain if (wait := check(context, candidate)) is not None)
    return next(waits, None)


def job_not_created(context: Context, _: Candidate) -> Wait | None:
    """No Update starts before the Job's first creation."""
    if context.status.last_attempt is not None:
        return None
    return "JobNotCreated", "the Job's instances are not created yet"


def made_for_newer_version(context: Context, candidate: Candidate) -> Wait | None:
    """A revision that this version cannot read is left to a newer operator."""
    newer = too_new.of_revision(context, [candidate.revision])
    return (too_new.REASON, f"made for a newer version of Echelon: {newer}") if newer else None


def parent_mismatch(context: Context, candidate: Candidate) -> Wait | None:
    """A pipeline expects another revision than the Job has completed last (contract part 2 §1)."""
    expected, current = candidate.expected_parent, context.status.current_revision
    if expected in ("", current):
        return None
    words = f"the annotation {EXPECTED_PARENT} is {expected}"
    return "ParentMismatch", f"{words}, the Job's currentRevision is {current}"


def template_not_checked(_: Context, candidate: Candidate) -> Wait | None:
    """The API server did not answer the dry run of the template (a webhook is down)."""
    verdict = candidate.verdict
    if verdict is None or verdict.answered:
        return None
    return verdict.reason, f"the template cannot be checked: {verdict.message}"


#: In the order in which they are asked.
BY_CHOICE: Final[Checks] = (parent_mismatch,)
WAITS: Final[Checks] = (
    job_not_created,
    made_for_newer_version,
    *BY_CHOICE,
    template_not_checked,
)
