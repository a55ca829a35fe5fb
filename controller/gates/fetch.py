"""Sends one HTTP request: follows redirects, limits the size of the answer, describes failures.

The message of a ``FetchError`` is safe for a status: it contains no credentials, no query strings
and no header values.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from yarl import URL

MOST_REDIRECTS: Final = 3
MOST_BYTES: Final = 2**20
#: Status codes that redirect a GET; a POST follows only those that do not turn it into a GET.
_GET_AGAIN: Final = frozenset({301, 302, 303, 307, 308})
_POST_AGAIN: Final = frozenset({307, 308})


class FetchError(Exception):
    """There is no usable answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer; ``body`` is empty if the question does not want it."""

    status: int
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Question:
    """An HTTP request.

    ``secret`` are headers that are sent only to the origin of ``url``, not to other origins to
    which that redirects. ``final`` are status codes that are not followed even if they are
    redirects. ``wants_body``: whether the body of the answer is read.
    """

    url: URL
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    secret: Mapping[str, str] | None = None
    body: bytes | None = None
    final: Container[int] = ()
    wants_body: bool = True


def url_of(text: str) -> URL:
    """The URL in ``text``. Raises ``FetchError`` if it is not an HTTP URL with a host."""
    try:
        url = URL(text)
        # Reading the port checks it.
        usable = url.scheme in ("http", "https") and bool(url.host) and url.port is not None
    except ValueError:
        usable = False
    if not usable:
        raise FetchError("the URL is not of the form http[s]://host[:port]/path")
    return url


def shown(url: URL) -> str:
    """The URL for messages: without credentials, query and fragment."""
    return str(url.origin()) + url.path


async def fetch(session: aiohttp.ClientSession, question: Question) -> Fetched:
    """The answer, after at most three redirects. Raises ``FetchError``. The caller limits the
    time."""
    url = question.url
    again = _GET_AGAIN if question.method == "GET" else _POST_AGAIN
    for _ in range(MOST_REDIRECTS + 1):
        headers = dict(question.headers or {})
        if url.origin() == question.url.origin():
            headers |= question.secret or {}
        try:
            async with session.request(
                question.method, url, headers=headers, data=question.body, allow_redirects=False
            ) as response:
                to = response.headers.get("Location")
                if response.status not in again or response.status in question.final or not to:
                    body = await _body(response) if question.wants_body else b""
                    return Fetched(response.status, body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchError(_words(error)) from error
        url = _joined(url, to)
    raise FetchError(f"more than {MOST_REDIRECTS} redirects")


def _joined(url: URL, to: str) -> URL:
    try:
        target = url.join(URL(to))
    except ValueError:
        raise FetchError("redirected to an invalid URL") from None
    if target.scheme not in ("http", "https") or not target.host:
        raise FetchError("redirected to a URL that is not HTTP")
    return target


async def _body(response: aiohttp.ClientResponse) -> bytes:
    chunks = bytearray()
    async for chunk in response.content.iter_any():
        chunks += chunk
        if len(chunks) > MOST_BYTES:
            raise FetchError("the answer is larger than 1 MiB")
    return bytes(chunks)


def _words(error: BaseException) -> str:
    """What happened. An unknown error is only named, because its text may contain anything."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            cause = error.certificate_error
            reason = getattr(cause, "verify_message", "") or type(cause).__name__
            return f"the certificate of {error.host} is not accepted: {reason}"
        case aiohttp.ClientConnectorDNSError():
            return f"cannot resolve {error.host}"
        case aiohttp.ClientConnectorError():
            cause = error.os_error
            return f"cannot connect to {error.host}:{error.port}: {cause.strerror or cause}"
        case aiohttp.ServerDisconnectedError() | ConnectionResetError():
            return "the connection was closed before the answer"
        case aiohttp.ClientPayloadError():
            return "the answer ended before it was complete"
        case aiohttp.ClientResponseError():
            return "the answer is not HTTP"
        case TimeoutError():
            return "no answer in time"
    return f"the request failed ({type(error).__name__})"
