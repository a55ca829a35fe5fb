"""JobDiffTest: which instances an update covers, without and with a scope.

Aurora's "replaced" and "added" are the instances with a trail, "same" those that keep their pods.
"""

from __future__ import annotations

import pytest

from tests.unit.core.aurora.stage import NEW, OLD, OTHER, Stage

SCOPES = pytest.mark.parametrize("scope", [None, "0-0"], ids=["all", "canary"])


def update_all(stage: Stage, scope: str | None, image: str = NEW, name: str = "mine") -> set[int]:
    """Let an update run to its end: the instances that it replaced."""
    before = stage.pods()
    stage.edit(image)
    stage.make(name, **({"instances": scope} if scope else {}))
    stage.run_to("DONE")
    after = stage.pods()
    replaced = {i for i in before if after[i] != before[i]}
    assert stage.trail() == dict.fromkeys(sorted(replaced), "U D")
    return replaced


def test_no_diff(stage: Stage) -> None:
    stage.begin(2, mode="Manual")
    for name, scope in (("all", None), ("canary", "0-0")):
        assert update_all(stage, scope, OLD, name) == set()
        assert stage.update()["status"]["reason"] == "NoChange"


@pytest.mark.parametrize(("before", "after"), [(2, 5), (3, 1)], ids=["added", "removed"])
def test_instances_added_or_removed(stage: Stage, before: int, after: int) -> None:
    """testInstancesAdded, testInstancesRemoved: a scale does it; no update has to, and none of a
    scope can undo it."""
    stage.begin(before, mode="Manual")
    pods = stage.pods()
    stage.space.scale(after)
    stage.run(lambda: stage.good() == set(range(after)) == set(stage.pods()))
    for name, scope in (("all", None), ("canary", "0-0")):
        assert update_all(stage, scope, OLD, name) == set()
    assert all(stage.pods()[i] == pods[i] for i in range(min(before, after)))


@SCOPES
def test_full_update(stage: Stage, scope: str | None) -> None:
    stage.begin(3, mode="Manual")
    assert update_all(stage, scope) == ({0} if scope else {0, 1, 2})


@SCOPES
def test_multiple_configs(stage: Stage, scope: str | None) -> None:
    """testMultipleConfigsAndHoles, without a hole."""
    stage.mix(4, {"1": NEW, "2": OTHER}, mode="Manual")
    assert update_all(stage, scope) == ({0} if scope else {0, 2, 3})


def test_multiple_configs_are_restored_each(stage: Stage) -> None:
    stage.mix(4, {"1": NEW, "2": OTHER}, mode="Manual")
    before = stage.pods()
    stage.edit(NEW)
    stage.make()
    stage.run_up_to(3)
    assert len(stage.update()["status"]["from"]) == 3
    stage.rollback()
    stage.run_to("UNDONE")
    assert stage.images() == {0: OLD, 1: NEW, 2: OTHER, 3: OLD}
    assert stage.pods()[1] == before[1]


@SCOPES
def test_unchanged_instances(stage: Stage, scope: str | None) -> None:
    stage.mix(3, {"1": NEW}, mode="Manual")
    assert update_all(stage, scope) == ({0} if scope else {0, 2})
