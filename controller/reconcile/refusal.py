"""How the API server says no: which answers speak of the pod, which only of the moment."""

from __future__ import annotations

import logging
from dataclasses import replace

from controller.core.model.observed import TERMINATING, Refusal, RefusedAction, Verdict
from controller.core.model.plan import ActionKey, ActionOnObject
from controller.kube.errors import (
    AlreadyExists,
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
)

log = logging.getLogger(__name__)

log = logging.getLogger(__name__)

RefusedActions = dict[ActionKey, RefusedAction]

FIRST = 1.0
LONGEST = 60.0
BUSY = 8.0


def delay(tries: int, first: float = FIRST, longest: float = LONGEST) -> float:
    """Seconds to wait after the ``tries``-th refusal in a row."""
    return min(longest, first * 2.0 ** min(tries - 1, 20))


def is_quota(error: ApiError) -> bool:
    """Whether a 403 only says that a ResourceQuota is used up, or not counted yet."""
    words = ("exceeded quota:", "status unknown for quota:")
    return isinstance(error, Forbidden) and any(word in error.message for word in words)


def is_terminating(error: ApiError) -> bool:
    """Whether a 403 only says that the namespace is going."""
    causes = error.details.get("causes") or ()
    return isinstance(error, Forbidden) and (
        any(c.get("reason") == "NamespaceTerminating" for c in causes)
        or "because it is being terminated" in error.message
    )


def is_denial(error: ApiError) -> bool:
    """Whether a policy or a webhook says no, whatever code it says it with: that can change, and
    says nothing of whether the request makes sense."""
    said = ("denied request" in error.message, "denied the request" in error.message)
    return isinstance(error, BadRequest | Forbidden | Invalid) and any(said)


def words(error: ApiError) -> str:
    """The API server's own words."""
    return error.message or error.reason or f"HTTP {error.status}"


def stops_one_write(error: ApiError) -> bool:
    """Whether the API server answered, and spoke of this very write: others may do all the same."""
    elsewhere = isinstance(error, Conflict | NotFound | Unauthorized) or is_terminating(error)
    return error.status >= 400 and not elsewhere


def of_write(error: ApiError, before: Refusal | None, now: float) -> Refusal:
    """What to remember of a write of ours, not of a pod, that was refused."""
    found = of(error, before, now)
    return replace(found, reason="Invalid") if found.reason == "InvalidPod" else found


def of(error: ApiError, before: Refusal | None, now: float, surge: bool = False) -> Refusal:
    """What to remember of a request that failed; ``before``: the refusal it repeats."""
    tries, since = (before.tries + 1, before.since) if before else (1, now)
    counts = isinstance(error, BadRequest | Forbidden | Invalid)
    if is_terminating(error) or isinstance(error, NotFound):
        return Refusal(TERMINATING, words(error), now + LONGEST, False, tries, surge, since)
    if is_quota(error):
        reason = "QuotaExceeded"
    elif counts:
        forbidden = isinstance(error, Forbidden) or is_denial(error)
        reason = "Forbidden" if forbidden else "InvalidPod"
    else:
        reason = error.reason or type(error).__name__
    # A server in trouble is asked again soon: nothing but an answer tells that it is well.
    wait = max(delay(tries, longest=LONGEST if counts else BUSY), error.retry_after or 0.0)
    return Refusal(reason, words(error), now + wait, counts, tries, surge, since)


def of_action(
    action: ActionOnObject, error: ApiError, before: RefusedAction | None, now: float
) -> RefusedAction:
    """What to remember of an action on an object that failed."""
    return RefusedAction(action, of(error, before.refusal if before else None, now))


def verdict(error: ApiError, tries: int, now: float) -> Verdict:
    """What a dry run that failed says of the template (contract rule 13); ``tries``: how often in a
    row it did."""
    if is_quota(error):
        return Verdict(True, "QuotaExceeded", words(error))
    if isinstance(error, AlreadyExists | Conflict):
        return Verdict(True)
    if is_terminating(error):
        return Verdict(False, TERMINATING, words(error), now + delay(tries, 300.0, 300.0))
    if isinstance(error, BadRequest | Invalid):
        return Verdict(False, "InvalidTemplate", words(error))
    if isinstance(error, Forbidden):
        return Verdict(False, "Forbidden", words(error), now + delay(tries, 5.0, 300.0))
    again = now + max(delay(tries), error.retry_after or 0.0)
    return Verdict(False, error.reason or "ServerError", words(error), again, answered=False)


def log_illegal(
    key: tuple[str, str], before: tuple[str, ...], illegal: tuple[str, ...]
) -> tuple[str, ...]:
    """Log the transitions that a decision wanted and that were refused, each once in a row;
    ``before``: those of the last decision. Returns ``illegal``."""
    for words in sorted(set(illegal) - set(before)):
        log.error("refused an illegal transition: %s", words, extra={"job": "/".join(key)})
    return illegal
