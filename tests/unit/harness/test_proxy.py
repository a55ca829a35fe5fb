"""A proxy narrows the lists and watches of some paths."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hack.harness.proxy import Proxy


@pytest.mark.parametrize(
    ("method", "path", "query", "asked"),
    [
        ("GET", "/nodes", "", "/nodes?labelSelector=lane%3Done"),
        ("GET", "/nodes", "watch=1", "/nodes?watch=1&labelSelector=lane%3Done"),
        ("GET", "/nodes/a", "", "/nodes/a"),
        ("DELETE", "/nodes", "", "/nodes"),
        ("GET", "/pods", "watch=1", "/pods?watch=1"),
    ],
)
def test_only_lists_are_narrowed(method: str, path: str, query: str, asked: str) -> None:
    proxy: Any = SimpleNamespace(selectors={"/nodes": "lane=one"})
    request: Any = SimpleNamespace(
        method=method, path=path, query_string=query, path_qs=f"{path}?{query}".rstrip("?")
    )
    assert Proxy._narrowed(proxy, request) == asked
