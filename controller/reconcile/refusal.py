"""Errors of the API server, handed to the core, which judges what they mean."""

from __future__ import annotations

import logging

from controller.core.model.observed import RefusedAction
from controller.core.model.plan import ActionKey
from controller.core.refusals.judgement import ErrorAnswer
from controller.kube.errors import ApiError

log = logging.getLogger(__name__)

RefusedActions = dict[ActionKey, RefusedAction]


def answer(error: ApiError) -> ErrorAnswer:
    """The error as the core reads it."""
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
    """Log the transitions that a decision wanted and that were refused, each once in a row;
    ``before``: those of the last decision. Returns ``illegal``."""
    for words in sorted(set(illegal) - set(before)):
        log.error("refused an illegal transition: %s", words, extra={"job": "/".join(key)})
    return illegal
