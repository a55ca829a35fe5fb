"""One request to the API server, before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent. ``verb`` and ``resource`` are its labels in metrics."""

    verb: str
    resource: str
    method: str
    path: str
    accept: str
    body: bytes | None = None
    content_type: str = "application/json"
    #: Called with the warnings of a successful answer.
    warned: Callable[[Sequence[str]], None] | None = None

    def headers(self) -> dict[str, str]:
        headers = {"Accept": self.accept}
        if self.body is not None:
            headers["Content-Type"] = self.content_type
        return headers
