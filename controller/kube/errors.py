"""The exceptions of a failed request, one class per kind of failure.

Every failure of the client is an ``ApiError``. Either the API server answered with a Status
(``status`` is its HTTP code), or no answer came (``Unreachable``, ``status`` 0; the API server may
or may not have carried out a write).
"""
# ruff: noqa: N818 - the names are the reasons of Kubernetes.

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final


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
        #: Seconds to wait before the next try, as the API server demands; None if it demands none.
        self.retry_after = retry_after
        #: ``details`` of the Status: kind, name, causes.
        self.details: Mapping[str, Any] = details or {}
        #: Token for continuing an expired list with the newest state (only with ``Gone``).
        self.continue_token: str | None = None

    def __str__(self) -> str:
        head = " ".join(str(part) for part in (self.status or "", self.reason) if part)
        return f"{head}: {self.message}" if self.message else head


class BadRequest(ApiError):
    """400: the API server cannot process the request."""


class Unauthorized(ApiError):
    """401: the API server does not accept the credentials, or no longer."""


class Forbidden(ApiError):
    """403: refused by RBAC, a quota, an admission plugin, or because the namespace terminates."""


class NotFound(ApiError):
    """404: the object, namespace or resource does not exist."""

    def prove(self) -> None:
        """Raise ``ServerError`` unless the API server itself says that the object does not exist.

        While it starts, or when a CRD is not served, it answers 404 without a Status for every path
        below; a proxy may do so, too. That proves nothing about an object.
        """
        if self.reason != "NotFound":
            raise ServerError(503, "NotServed", self.message or "the path is not served") from self


class Conflict(ApiError):
    """409: a precondition (uid, resourceVersion) does not hold."""


class AlreadyExists(ApiError):
    """409: an object of this name exists already."""


class Gone(ApiError):
    """410: the resourceVersion or continue token is too old."""


class Invalid(ApiError):
    """422: the object, or a field of it, is not valid."""


class TooManyRequests(ApiError):
    """429: the API server is overloaded, or a disruption budget forbids an eviction."""


class ServerError(ApiError):
    """5xx: the API server, its storage or a webhook failed."""


class Unreachable(ApiError):
    """No answer came: the connection was refused or reset, or the request timed out."""

    def __init__(self, message: str) -> None:
        super().__init__(0, "Unreachable", message)


#: The API server cannot answer now. It may later.
FOR_NOW: Final = (TooManyRequests, ServerError, Unreachable)


class NotHolderError(ApiError):
    """This process does not hold the Lease; the request was not sent."""

    def __init__(self) -> None:
        super().__init__(0, "NotHolder", "this process does not hold the Lease, or no longer")


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
    """The exception for a ``metav1.Status`` from the body of an answer or an ERROR event of a
    watch."""
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
    """Raise the exception for an answer with status 400 or above; return for other statuses."""
    if status < 400:
        return
    raise from_status(_parse_status(body), status, _retry_after(headers))


#: So many bytes of an answer that is no Status are told.
_MOST = 1024


def _parse_status(body: bytes) -> Mapping[str, Any]:
    """The Status in the body, or the text that a proxy or an overloaded server sent instead."""
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return parsed
    text = body[: _MOST + 1].decode("utf-8", "replace").strip()
    return {"message": text if len(body) <= _MOST else f"{text[: _MOST - 1]}…"}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` in seconds; the API server never sends the date form."""
    try:
        return max(0.0, float(headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
