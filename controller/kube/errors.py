"""What can go wrong with a request, as narrow exceptions.

Every failure of the client is an ``ApiError``: either the API server answered with a Status
(``status`` is its HTTP code), or no answer came at all (``Unreachable``, ``status`` 0; a write
may have happened or not).
"""
# ruff: noqa: N818 - the names are those Kubernetes gives its reasons.

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """A request that did not succeed."""

    def __init__(
        self,
        status: int,
        reason: str = "",
        message: str = "",
        retry_after: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(status, reason, message)
        self.status = status
        self.reason = reason
        self.message = message
        #: Seconds the server asked us to wait.
        self.retry_after = retry_after
        #: The Status' ``details``: kind, name, causes.
        self.details: Mapping[str, Any] = details or {}
        #: Where an expired list may be continued from, inconsistently (only with ``Gone``).
        self.continue_token: str | None = None

    def __str__(self) -> str:
        head = " ".join(str(part) for part in (self.status or "", self.reason) if part)
        return f"{head}: {self.message}" if self.message else head


class BadRequest(ApiError):
    """400: the request makes no sense to the API server."""


class Unauthorized(ApiError):
    """401: the credentials are not, or no longer, accepted."""


class Forbidden(ApiError):
    """403: RBAC, a quota, an admission plugin, or a namespace that is being terminated."""


class NotFound(ApiError):
    """404: no such object, namespace or resource."""


class Conflict(ApiError):
    """409: a precondition (uid, resourceVersion) does not hold."""


class AlreadyExists(ApiError):
    """409: an object of this name is there already."""


class Gone(ApiError):
    """410: the resourceVersion or continue token is too old."""


class Invalid(ApiError):
    """422: the object, or a field of it, is not valid."""


class TooManyRequests(ApiError):
    """429: overloaded, or (for evictions) a disruption budget forbids it."""


class ServerError(ApiError):
    """5xx: the API server, its storage or a webhook failed."""


class Unreachable(ApiError):
    """No answer: connection refused, reset, or timed out."""

    def __init__(self, message: str) -> None:
        super().__init__(0, "Unreachable", message)


class NotHolderError(ApiError):
    """This process does not hold the Lease: nothing was sent."""

    def __init__(self) -> None:
        super().__init__(0, "NotHolder", "this process does not hold the Lease (any more)")


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
    429: TooManyRequests,
}


def from_status(status: Mapping[str, Any], code: int, retry_after: float | None = None) -> ApiError:
    """The exception for a ``metav1.Status``, from an answer's body or a watch's ERROR event."""
    reason = str(status.get("reason") or "")
    details = status.get("details")
    details = details if isinstance(details, dict) else {}
    kind = _BY_STATUS.get(code, ServerError if code >= 500 else ApiError)
    if code == 409 and reason == "AlreadyExists":
        kind = AlreadyExists
    if retry_after is None and details.get("retryAfterSeconds"):
        retry_after = float(details["retryAfterSeconds"])
    error = kind(code, reason, str(status.get("message") or ""), retry_after, details)
    metadata = status.get("metadata")
    if isinstance(metadata, dict):
        error.continue_token = metadata.get("continue") or None
    return error


def raise_for(status: int, body: bytes, headers: Mapping[str, str]) -> None:
    """Raise what an answer of 400 or above means; return for all others."""
    if status < 400:
        return
    raise from_status(_parse_status(body), status, _retry_after(headers))


def _parse_status(body: bytes) -> Mapping[str, Any]:
    """A Status, or the text a proxy or an overloaded server sent instead of one."""
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return parsed
    return {"message": body[:1024].decode("utf-8", "replace").strip()}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` in seconds; the API server never sends the date form."""
    try:
        return max(0.0, float(headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
