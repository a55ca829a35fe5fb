"""Converts errors of the API server for the core, which judges what they mean."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from controller.api.pods.pod import Pod
from controller.core.model import plan
from controller.core.model.observed import Refusal, RefusedAction
from controller.core.model.plan import ActionKey
from controller.core.pods.facts import Slot
from controller.core.refusals.judgement import ErrorAnswer
from controller.kube.errors import ApiError

log = logging.getLogger(__name__)

RefusedActions = dict[ActionKey, RefusedAction]


def answer(error: ApiError) -> ErrorAnswer:
    """The error in the form that the core judges."""
    return ErrorAnswer(
        status=error.status,
        reason=error.reason,
        message=error.message,
        cause=next((str(c.get("message") or "") for c in error.details.get("causes") or ()), ""),
        causes=tuple(str(cause.get("reason")) for cause in error.details.get("causes") or ()),
        kind=type(error).__name__,
        retry_after=error.retry_after,
    )


def still_refused(refusals: dict[int, Refusal], pods: Mapping[Slot, Pod]) -> dict[int, Refusal]:
    """The refusals of creates whose pod was not made since. A create in flight has not succeeded:
    the refusal before it still counts."""
    if not refusals:
        return refusals
    made = {i for i, r in refusals.items() if (p := pods.get((i, r.surge))) and p.uid}
    return {i: r for i, r in refusals.items() if i not in made}


def forget_ended(refused_writes: dict[str, Refusal], updates: Iterable[str]) -> None:
    """Drop the refusals of writes to Updates that are not among ``updates`` (names)."""
    if refused_writes:
        gone = refused_writes.keys() - map(plan.subject_of_update, updates)
        for subject in [s for s in gone if s.startswith(plan.subject_of_update(""))]:
            del refused_writes[subject]


def log_illegal(
    key: tuple[str, str], before: tuple[str, ...], illegal: tuple[str, ...]
) -> tuple[str, ...]:
    """Log the illegal transitions that a decision contained, unless the last decision contained
    them too (``before``). Returns ``illegal``."""
    for words in sorted(set(illegal) - set(before)):
        log.error("refused an illegal transition: %s", words, extra={"job": "/".join(key)})
    return illegal
