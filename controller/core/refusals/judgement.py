"""What an answer of the API server that is an error means (contract rule 13): for the request, for
the template that was tried, and for how long the request waits.

An error may say that the object is wrong (400, 403, 422), that a quota has no room for it now, that
nothing is created in its namespace any more, or only that the API server is in trouble.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from controller.core.model.observed import TERMINATING, Refusal, RefusedAction, Verdict
from controller.core.model.plan import ActionOnObject
from controller.core.overlays.problem import INVALID as INVALID_OVERLAY
from controller.core.verdicts import validation

#: Seconds until the next try: after the first refusal, at most, and at most while the API server is
#: in trouble.
FIRST: Final = 1.0
LONGEST: Final = 60.0
BUSY: Final = 8.0
#: The same at most, while a disruption budget allows no eviction.
BUDGET: Final = 30.0
#: The pause at least, while several Jobs evict under one budget.
CONTEST: Final = 0.5

BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CONFLICT: Final = 409
INVALID: Final = 422
TOO_MANY: Final = 429
INTERNAL: Final = 500
#: The API server has judged the request itself.
_JUDGED: Final = (BAD_REQUEST, FORBIDDEN, INVALID)


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """A request that failed. ``status``: HTTP code, 0 if no answer came; ``reason`` and ``message``
    of the Status, ``causes``: the reasons of its causes; ``cause``: the message of the
    first; ``kind``: what such an error is called if it gives no reason; ``retry_after``: seconds
    that the API server asks to wait."""

    status: int
    reason: str = ""
    message: str = ""
    causes: tuple[str, ...] = ()
    kind: str = "ApiError"
    retry_after: float | None = None
    cause: str = ""

    @property
    def words(self) -> str:
        """The API server's own words."""
        return self.message or self.reason or f"HTTP {self.status}"

    @property
    def is_quota(self) -> bool:
        """Whether a 403 only says that a ResourceQuota is used up, or not counted yet."""
        words = ("exceeded quota:", "status unknown for quota:")
        return self.status == FORBIDDEN and any(word in self.message for word in words)

    @property
    def is_terminating(self) -> bool:
        """Whether a 403 only says that the namespace is being deleted."""
        return self.status == FORBIDDEN and (
            TERMINATING in self.causes or "because it is being terminated" in self.message
        )

    @property
    def is_judged(self) -> bool:
        """Whether the API server has refused the request itself, so that it was not carried out."""
        return self.status in _JUDGED

    @property
    def is_denial(self) -> bool:
        """Whether a policy or a webhook refuses the request, whatever the HTTP code: that can
        change, and does not mean that the object is invalid."""
        words = ("denied request", "denied the request")
        return self.is_judged and any(word in self.message for word in words)

    @property
    def stops_one_write(self) -> bool:
        """Whether the API server answered and refused this very write: others may succeed."""
        elsewhere = self.status in (UNAUTHORIZED, NOT_FOUND, CONFLICT) or self.is_terminating
        return self.status >= 400 and not elsewhere


def delay(tries: int, first: float = FIRST, longest: float = LONGEST) -> float:
    """Seconds to wait after the ``tries``-th refusal in a row."""
    return min(longest, first * 2.0 ** min(tries - 1, 20))


def refusal(error: ErrorAnswer, before: Refusal | None, now: float, surge: bool = False) -> Refusal:
    """What to remember of a failed request about a pod. ``before``: the refusal that it repeats;
    ``now``: epoch seconds; ``surge``: the pod is a surge twin."""
    tries, since = (before.tries + 1, before.since) if before else (1, now)
    counts = error.is_judged
    if error.is_terminating or error.status == NOT_FOUND:
        return Refusal(TERMINATING, error.words, now + LONGEST, False, tries, surge, since)
    if error.is_quota:
        reason = "QuotaExceeded"
    elif counts:
        forbidden = error.status == FORBIDDEN or error.is_denial
        reason = "Forbidden" if forbidden else "InvalidPod"
    else:
        reason = error.reason or error.kind
    # A server in trouble is asked again soon: only an answer shows that it is well again.
    wait = max(delay(tries, longest=LONGEST if counts else BUSY), error.retry_after or 0.0)
    return Refusal(reason, error.words, now + wait, counts, tries, surge, since)


def not_evicted(error: ErrorAnswer, before: Refusal | None, now: float) -> Refusal | None:
    """What to remember of an eviction that disruption budgets do not allow. ``before``: the last
    such answer. Returns None if the error is about something else: while a budget is not observed
    yet, the API server is busy."""
    tries, since = (before.tries + 1, before.since) if before else (1, now)
    if error.status == TOO_MANY and "DisruptionBudget" in error.causes:
        words = f"{error.words.rstrip('.')}: {error.cause}".rstrip(": ")
        if "still being processed" in words:
            return None
        wait = delay(tries, longest=BUDGET)
        return Refusal("DisruptionBudget", words, now + wait, False, tries, since=since)
    if error.status == INTERNAL and "more than one PodDisruptionBudget" in error.message:
        return Refusal("SeveralBudgets", error.words, now + BUDGET, False, tries, since=since)
    return None


def sooner(refused: Refusal, now: float) -> Refusal:
    """The refusal of an eviction after a change of the budget: it is asked for again at once, or,
    if other Jobs were faster before, in a moment."""
    pause = CONTEST if refused.tries > 1 else 0.0
    return replace(refused, until=min(refused.until, now + pause))


def refused_write(error: ErrorAnswer, before: Refusal | None, now: float) -> Refusal:
    """What to remember of a refused write of an object that is no pod."""
    found = refusal(error, before, now)
    return replace(found, reason="Invalid") if found.reason == "InvalidPod" else found


def refused_action(
    action: ActionOnObject, error: ErrorAnswer, before: RefusedAction | None, now: float
) -> RefusedAction:
    """What to remember of a failed action on an existing object."""
    return RefusedAction(action, refusal(error, before.refusal if before else None, now))


def verdict(error: ErrorAnswer, tries: int, now: float) -> Verdict:
    """What a failed dry run says of the template. ``tries``: how often in a row it failed."""
    if error.is_quota:
        return Verdict(True, "QuotaExceeded", error.words)
    if error.status == CONFLICT:
        return Verdict(True)
    if error.is_terminating:
        return Verdict(False, TERMINATING, error.words, now + delay(tries, 300.0, 300.0))
    if error.status in (BAD_REQUEST, INVALID):
        return Verdict(False, "InvalidTemplate", error.words)
    if error.status == FORBIDDEN:
        return Verdict(False, "Forbidden", error.words, now + delay(tries, 5.0, 300.0))
    again = now + max(delay(tries), error.retry_after or 0.0)
    return Verdict(False, error.reason or "ServerError", error.words, again, answered=False)


def of_overlays(names: Sequence[str], refused: Verdict) -> Verdict:
    """The verdict if what the API server refuses is the pod with these overlays."""
    reason = INVALID_OVERLAY if refused.reason == "InvalidTemplate" else refused.reason
    which = f"overlay {names[0]}" if len(names) == 1 else f"overlays {', '.join(names)}"
    return replace(refused, reason=reason, message=f"{which}: {refused.message}")


def of_claim(template: str, refused: Verdict) -> Verdict:
    """The verdict if what the API server refuses is a claim of this claim template."""
    reason = "InvalidClaim" if refused.reason == "InvalidTemplate" else refused.reason
    message = f"spec.volumeClaimTemplates[{template}]: {refused.message}"
    return replace(refused, reason=reason, message=message)


def of_gate(gate: str, refused: Verdict) -> Verdict:
    """The verdict if what the API server refuses is the batch/v1 Job of this gate, not the pod."""
    reason = validation.REASON if refused.reason == "InvalidTemplate" else refused.reason
    return replace(refused, reason=reason, message=f"gate {gate}: {refused.message}")
