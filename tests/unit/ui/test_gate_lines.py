"""A gate can be understood on the page: whom it asks, what for, and which answers decide."""

from __future__ import annotations

import re
from typing import Any

import pytest

from controller.api.meta import format_time
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, job, put, update
from tests.unit.ui.test_update_page import words

QUERY = 'sum(rate(errors{job="<b>"}[1m]))'
PROMETHEUS = {"address": "http://prometheus:9090", "query": QUERY, "condition": "result < 0.01"}


def gated(page: Setting, **gate: Any) -> None:
    policy = {"strategy": {"type": "Queue", "size": 1}, "gates": [{"name": "errors", **gate}]}
    state = {
        "name": "errors",
        "result": "Failed",
        "value": "0.0874",
        "group": 1,
        "startedAt": format_time(NOW - 9),
        "time": format_time(NOW - 5),
    }
    put(page.store, job(), update(policy=policy, gates=[state]))


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ({"prometheus": PROMETHEUS}, ["http://prometheus:9090", "[1m]", "result &lt; 0.01"]),
        ({"http": {"url": "http://web/ok"}}, ["GET http://web/ok", "status 200"]),
        ({"webhook": {"url": "http://ask/", "headersFrom": "approvals"}}, ["POST http://ask/"]),
        ({"webhook": {"url": "http://ask/", "headersFrom": "approvals"}}, ["Secret approvals"]),
    ],
)
async def test_a_gate_says_whom_it_asks(
    page: Setting, provider: dict[str, Any], said: list[str]
) -> None:
    gated(page, successes=2, failures=1, **provider)
    _, html = await page.get("/updates/shop/web-g2")
    for each in [*said, "2 successes in a row pass it", "1 failure fails it", "group 2"]:
        assert each in html


async def test_a_query_is_escaped(page: Setting) -> None:
    gated(page, prometheus=PROMETHEUS)
    _, html = await page.get("/updates/shop/web-g2")
    assert "<b>&#34;" not in html
    assert "&lt;b&gt;" in html


async def test_one_value_is_read_aloud_as_one(page: Setting) -> None:
    gated(page, prometheus=PROMETHEUS)
    _, html = await page.get("/updates/shop/web-g2")
    found = re.search(r'aria-label="(1 value[^"]*)"', html)
    assert found
    assert found[1] == "1 value, 0.0874; it passes if result &lt; 0.01"
    assert "1 values" not in words(html)
