"""One request to the API server, before it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

Body = Mapping[str, Any] | Sequence[Mapping[str, Any]] | bytes


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


def dumped(body: Body) -> bytes:
    """A body as it is sent; bytes are JSON already."""
    if isinstance(body, bytes):
        return body
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # Half a surrogate pair is no Unicode; JSON can escape it.
        return json.dumps(body, separators=(",", ":")).encode()
