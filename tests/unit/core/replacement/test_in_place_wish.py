"""What differs between the manifests of two revisions."""

from __future__ import annotations

from controller.api import labels
from controller.core.replacement.in_place_wish import NO_METADATA, Object, Wish, metadata
from controller.core.revisions.changeable_in_place import Change


def pod(image: str = "web:1", **meta: Object) -> Object:
    return {"metadata": meta, "spec": {"containers": [{"name": "web", "image": image}]}}


def test_keys_are_set_changed_and_taken_away() -> None:
    before = pod(labels={"same": "1", "other": "1", "gone": "1"}, annotations={"gone": ""})
    after = pod(labels={"same": "1", "other": "2", "new": "1"})
    assert metadata(before, after) == {
        "labels": {"other": "2", "new": "1", "gone": None},
        "annotations": {"gone": None},
    }


def test_the_revision_is_no_difference_of_the_template() -> None:
    before, after = (
        pod(labels={labels.REVISION: name}, annotations={labels.REVISION: f"web-{name}"})
        for name in ("a", "b")
    )
    assert metadata(before, after) == NO_METADATA
    assert not Wish.of(before, after, Change.IMAGES).has_metadata


def test_of_an_unknown_revision_no_key_goes() -> None:
    assert metadata(None, pod(annotations={"a": "1"})) == {"labels": {}, "annotations": {"a": "1"}}


def test_a_wish_has_both() -> None:
    wish = Wish.of(pod("web:1"), pod("web:2", annotations={"a": "1"}), Change.IMAGES)
    assert wish.containers == {"web": "web:2"}
    assert wish.has_metadata
    alone = Wish.of(pod(), pod(annotations={"a": "1"}), Change.METADATA)
    assert alone.containers == {}
    assert alone.has_metadata
