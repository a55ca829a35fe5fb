"""Converts errors of the API server for the core, which judges what they mean."""

from __future__ import annotations

import logging

from controller.core.model.observed import RefusedAction
from controller.core.model.plan import ActionKey
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
        causes=tuple(str(cause.get("reason")) for cause in error.details.get("causes") or ()),
        kind=type(error).__name__,
        retry_after=error.retry_after,
    )


def log_illegal(
    key: tuple[str, str], before: tuple[str, ...], illegal: tuple[str, ...]
) -> tuple[str, ...]:
    """Log the illegal transitions that a decision contained, unless the last decision contained
    them too (``before``). Returns ``illegal``."""
    for words in sorted(set(illegal) - set(before)):
        log.error("refused an illegal transition: %s", words, extra={"job": "/".join(key)})
    return illegal
