"""Sends a POST request to a service of a user and judges its answer.

The values of the Secret are sent as headers to the origin of the URL and nowhere else: not to
another origin after a redirect, not into a message, not into a log.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from yarl import URL

from controller.core.verdicts.answer import Answer
from controller.gates.clients import GateClients
from controller.gates.fetch import FetchError, Question, fetch
from controller.kube.errors import ApiError, Forbidden, NotFound
from controller.kube.resources import SECRETS

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
#: Headers that a Secret must not set, because they say where the request goes or ends.
_FORBIDDEN = frozenset({"connection", "content-length", "host", "transfer-encoding", "upgrade"})


@dataclass(frozen=True, slots=True)
class Post:
    """A POST request. ``headers_from``: name of a Secret in ``namespace`` whose keys are headers,
    None for none; ``judge``: the answer of an HTTP status and a body; ``judged``: the keys of the
    body that it reads."""

    url: URL
    body: str
    namespace: str
    headers_from: str | None
    judge: Callable[[int, bytes], Answer]
    judged: tuple[str, ...]


async def send(post: Post, clients: GateClients) -> Answer:
    """The answer. Raises ``FetchError``. The caller limits the time."""
    secret = {}
    if post.headers_from:
        secret = await _headers(clients, post.namespace, post.headers_from)
    headers = {"Accept": "application/json"}
    if not any(name.lower() == "content-type" for name in secret):
        headers["Content-Type"] = "application/json"
    question = Question(post.url, "POST", headers, secret, post.body.encode())
    async with clients.session() as session:
        fetched = await fetch(session, question)
    # Mask before judging, because judging shortens the message and might cut a secret in two.
    hidden = _hidden(secret.values())
    answer = post.judge(fetched.status, _masked(fetched.body, hidden, post.judged))
    return replace(answer, message=_without(answer.message, hidden))


async def _headers(clients: GateClients, namespace: str, name: str) -> dict[str, str]:
    """Keys and values of the Secret. Raises ``FetchError``, whose message contains no value."""
    secret = f"Secret {namespace}/{name} (headersFrom)"
    try:
        found = await clients.api.get(SECRETS, namespace, name)
    except NotFound:
        raise FetchError(f"{secret} does not exist: create it") from None
    except Forbidden:
        raise FetchError(f"{secret} may not be read by the operator: grant it that") from None
    except ApiError as error:
        raise FetchError(f"{secret} cannot be read: {error.reason}") from None
    data = found.get("data") or {}
    return {key: _value(secret, key, data[key]) for key in data}


def _value(secret: str, key: str, encoded: str) -> str:
    if not _NAME.fullmatch(key) or key.lower() in _FORBIDDEN:
        raise FetchError(f"the key {key} of {secret} is not a header that can be set")
    try:
        # Secrets made from files or with `echo` end with a line break, which is not meant.
        value = base64.b64decode(encoded).decode().strip()
    except (binascii.Error, ValueError, TypeError):
        value = "\0"
    if not _VALUE.fullmatch(value):
        raise FetchError(f"the key {key} of {secret} does not hold a valid header value")
    return value


def _hidden(secrets: Iterable[str]) -> list[str]:
    """Texts that no message may contain, longest first, because they may contain each other."""
    # Parts too, because in "Bearer <token>" the token is the secret.
    parts = {part for value in secrets for part in (value, *value.split()) if len(part) >= 6}
    return sorted(parts, key=len, reverse=True)


def _masked(body: bytes, hidden: Sequence[str], keys: Iterable[str]) -> bytes:
    """The values of these keys of the answer, with secrets masked in case the service repeats
    them."""
    if not hidden:
        return body
    try:
        parsed = json.loads(body)
        if not isinstance(parsed, dict):
            return body
        shown = {key: parsed[key] for key in keys if key in parsed}
        return json.dumps(_without(shown, hidden)).encode()
    except (ValueError, RecursionError):
        return b""


def _without(node: Any, hidden: Sequence[str]) -> Any:
    """JSON data with the ``hidden`` texts in it replaced by ``***``."""
    if isinstance(node, list):
        return [_without(item, hidden) for item in node]
    if isinstance(node, dict):
        return {_without(key, hidden): _without(item, hidden) for key, item in node.items()}
    if isinstance(node, str):
        for part in hidden:
            node = node.replace(part, "***")
    return node
