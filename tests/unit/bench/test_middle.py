"""The Job that is measured in memory is what it claims to be."""

from __future__ import annotations

import pytest

from hack.bench.middle import Middle


@pytest.mark.parametrize("size", [1, 10, 40])
def test_nothing_is_to_be_done_but_to_report(size: int) -> None:
    plan = Middle(40, size).reconcile()
    assert plan.write is None
    assert not plan.actions


def test_news_of_a_pod_changes_it() -> None:
    middle = Middle(10, 2)
    heard: list[tuple[str, str]] = []
    middle.store._changed = heard.append
    middle.store.put_pod(middle.news(3))
    assert heard == [("default", "web")]
