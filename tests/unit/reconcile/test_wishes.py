"""What a change in place makes of a pod, where overlays make the instances differ."""

from __future__ import annotations

import pytest

from controller.api import labels
from controller.core.revisions import data as revision_data
from controller.core.revisions import revision as revisions
from tests.unit.reconcile.one_pod import Object, World, template


def with_overlay(image: str, instances: str, to: str) -> Object:
    patch = {"spec": {"containers": [{"name": "web", "image": to}]}}
    overlays = [{"name": "some", "instances": instances, "patch": patch}]
    return {**template(image), "echelon": {"overlays": overlays}}


@pytest.mark.parametrize(
    ("old", "new", "image"),
    [
        (template("web:1"), with_overlay("web:1", "3", "web:2"), "web:2"),
        (with_overlay("web:1", "3", "web:2"), template("web:1"), "web:1"),
        (with_overlay("web:1", "3", "web:2"), with_overlay("web:5", "3", "web:3"), "web:3"),
    ],
)
async def test_the_image_of_the_instance_counts(old: Object, new: Object, image: str) -> None:
    world = World(old, new)
    await world.act()
    assert world.api.kinds == ["patch strategic"]
    assert world.pod["spec"]["containers"][0]["image"] == image
    assert world.notes[labels.REVISION] == world.new


async def test_a_change_that_is_not_meant_for_the_instance_is_not_made() -> None:
    """Of instance 3 nothing differs: it is relabelled, not changed."""
    world = World(template("web:1"), with_overlay("web:1", "0-2", "web:2"))
    await world.act()
    assert "patch" not in " ".join(world.api.kinds)


def test_the_name_of_a_revision_covers_the_overlays() -> None:
    data = with_overlay("web:1", "3", "web:2")
    parts = revision_data.of_spec(template("web:1"), data["echelon"]["overlays"])
    assert revision_data.of_data(data) == parts
    assert revisions.digest(parts) != revisions.digest(revisions.canonical(template("web:1")))
