"""Changes that were carried out twice, or not to their end, are found after random kills."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hack.chaos import random_kills

GOOD = ["Pending", "RollingForward", "RolledForward"]


def pair(phases: dict[str, list[str]], lives: dict[int, list[str]]) -> Any:
    """A Job `web0` of generation 3."""
    observer = SimpleNamespace(phases=lambda update: phases.get(update, []), uids=lambda _: lives)
    space = SimpleNamespace(
        observer=observer, job=lambda name: {"metadata": {"name": name, "generation": 3}}
    )
    return SimpleNamespace(space=space, traffic=SimpleNamespace(names=["web0"]))


def test_two_changes_are_two_updates_and_three_pods_of_each_instance() -> None:
    phases = {"web0-g2": GOOD, "web0-g3": GOOD}
    assert not list(random_kills._once(pair(phases, {0: ["a", "b", "c"], 1: ["d", "e", "f"]})))


def test_an_update_that_did_not_end_or_was_lost_is_found() -> None:
    phases = {"web0-g2": GOOD[:2]}
    found = list(random_kills._once(pair(phases, {0: ["a", "b", "c"]})))
    assert [each.split(" must ")[0] for each in found] == ["Update web0-g2", "Update web0-g3"]


def test_an_instance_that_was_replaced_twice_or_never_is_found() -> None:
    phases = {"web0-g2": GOOD, "web0-g3": GOOD}
    lives = {0: ["a", "b", "c", "d"], 1: ["e", "f"]}
    found = list(random_kills._once(pair(phases, lives)))
    assert [each.split(";")[0] for each in found] == ["4 pods of web0-0", "2 pods of web0-1"]
