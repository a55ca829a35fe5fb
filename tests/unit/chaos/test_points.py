"""Every write is a point twice, and a seed chooses the same points again."""

from __future__ import annotations

from hack.chaos.points import Point, every, sample

WRITES = {"create": 2, "update": 3}


def test_each_write_is_tried_before_and_after() -> None:
    points = every(WRITES)
    assert len(points) == 10
    assert Point("create", "before", 1) in points
    assert Point("update", "after", 3) in points
    assert len(set(points)) == 10


def test_a_seed_chooses_the_same_points_again() -> None:
    points = every({"update": 50})
    assert sample(points, 7, seed=3) == sample(points, 7, seed=3)
    assert sample(points, 7, seed=3) != sample(points, 7, seed=4)
    assert len(sample(points, 7, seed=3)) == 7
    assert set(sample(points, None, seed=3)) == set(points)
