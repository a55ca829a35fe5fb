"""What the page of an Update says while the Update is under way."""

from __future__ import annotations

import re
from typing import Any

from controller.api.meta import format_time
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, job, put, update

LATE = {"batch": {"index": 0, "instances": "2", "startedAt": format_time(NOW - 110)}}
WORDS = "instance 2 is not ready, ready deadline in 8m10s"


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


async def test_an_instance_that_is_late_is_named_with_its_deadline(page: Setting) -> None:
    policy = {"strategy": {"type": "Queue", "size": 1}, "readyTimeoutSeconds": 600}
    active = {"name": "web-g2", "uid": "uid-shop-web-g2"}
    put(page.store, job(activeUpdate=active), update(policy=policy, **LATE))
    for path in ("/updates/shop/web-g2", "/jobs/shop/web"):
        said = words((await page.get(path))[1])
        assert WORDS in said, path
        assert " left" not in said, path


async def test_the_time_that_is_left_is_told_while_all_keep_the_pace(page: Setting) -> None:
    put(page.store, job(), update())
    said = words((await page.get("/updates/shop/web-g2"))[1])
    assert re.search(r"about \S+ \S+ \S+ UTC left", said)
    assert "deadline" not in said


async def test_a_gate_that_is_asked_all_the_time_has_no_group(page: Setting) -> None:
    def gate(scope: str) -> dict[str, Any]:
        http = {"url": "http://web/"}
        return {"name": scope.lower(), "scope": scope, "http": http}

    policy = {
        "strategy": {"type": "Queue", "size": 1},
        "gates": [gate("Batch"), gate("Continuous")],
    }
    state = {"group": 3, "startedAt": format_time(NOW - 9), "result": "Waiting"}
    gates = [{"name": name, **state} for name in ("batch", "continuous")]
    put(page.store, job(), update(policy=policy, gates=gates))
    said = words((await page.get("/updates/shop/web-g2"))[1])
    assert "after each group, group 4" in said
    assert "all the time, group" not in said
    assert "all the time" in said
