"""The restart-base annotation survives a round trip, and a broken one counts as absent."""

from __future__ import annotations

import pytest

from controller.api.pods.restart_base import UNCHANGED, RestartBase

AT = 1_767_225_600.0


def test_it_is_read_as_it_was_written() -> None:
    base = RestartBase(AT, {"web": 2, "side": 0})
    assert str(base) == '{"at":"2026-01-01T00:00:00Z","web":2,"side":0}'
    assert RestartBase.read(str(base)) == base
    assert (base.of("web"), base.of("side"), base.of("new")) == (2, 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "no json",
        "null",
        "5",
        "[]",
        "{}",
        '{"web": 1}',
        '{"at": "soon", "web": 1}',
        '{"at": 5, "web": 1}',
        '{"at": "2026-01-01T00:00:00", "web": 1}',
        '{"at": "2026-01-01T00:00:00Z", "web": "1"}',
        '{"at": "2026-01-01T00:00:00Z", "web": true}',
        '{"at": "2026-01-01T00:00:00Z", "web": -1}',
        '{"at": "2026-01-01T00:00:00Z", "web": null}',
    ],
)
def test_a_broken_annotation_counts_as_absent(text: str | None) -> None:
    assert RestartBase.read(text) == UNCHANGED
    assert UNCHANGED.at == 0.0
