"""A Job is changed again only when it is seen to have its last change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hack.chaos.traffic import Traffic


def job(generation: int, observed: int, ready: str = "True") -> dict[str, Any]:
    return {
        "metadata": {"generation": generation},
        "status": {
            "observedGeneration": observed,
            "conditions": [{"type": "Ready", "status": ready, "reason": "R"}],
        },
    }


def test_a_job_is_done_when_the_watch_shows_its_last_change() -> None:
    shown: list[dict[str, Any] | None] = [None]
    sightings = SimpleNamespace(get=lambda *_: shown[0])
    space: Any = SimpleNamespace(name="a", sightings=sightings)
    traffic = Traffic(space, jobs=1)
    traffic._changed["web0"] = 3
    for seen, done in (
        (None, False),
        (job(2, 2), False),
        (job(3, 2), False),
        (job(3, 3, ready="False"), False),
        (job(3, 3), True),
    ):
        shown[0] = seen
        assert traffic._is_done("web0") is done, seen
