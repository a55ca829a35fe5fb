"""The differences between two templates, as shown to people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.revisions.compare import ABSENT, Difference, compare

Object = dict[str, Any]


def spec(*containers: Object, **fields: Any) -> Object:
    return {"spec": {"containers": list(containers), **fields}}


def test_a_container_is_found_by_its_name() -> None:
    old = spec({"name": "side", "image": "side:1"}, {"name": "web", "image": "web:1"})
    new = spec({"name": "side", "image": "side:1"}, {"name": "web", "image": "web:2"})
    assert compare(old, new) == (Difference("spec.containers[web].image", "web:1", "web:2"),)


def test_an_added_or_removed_subtree_is_one_difference() -> None:
    side, web = {"name": "side", "image": "side:1"}, {"name": "web"}
    assert compare(spec(web), spec(web, side)) == (
        Difference("spec.containers[side]", ABSENT, side),
    )
    assert compare(spec(web, tty=True), spec(web)) == (Difference("spec.tty", True, ABSENT),)
    assert not ABSENT
    assert repr(ABSENT) == "absent"


def test_named_items_within_named_items() -> None:
    old = {"name": "web", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    new = {"name": "web", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]}
    assert compare(spec(old), spec(new)) == (
        Difference("spec.containers[web].env[B].value", "2", "3"),
    )


def test_a_list_without_names_is_one_value() -> None:
    old, new = {"name": "web", "args": ["a", "b"]}, {"name": "web", "args": ["a"]}
    assert compare(spec(old), spec(new)) == (
        Difference("spec.containers[web].args", ["a", "b"], ["a"]),
    )


@pytest.mark.parametrize(
    "items",
    [[{"name": "a"}, {"name": "a"}], [{"name": "a"}, {}], [{"name": 5}], [{"name": "a"}, 5]],
)
def test_a_list_whose_names_are_not_unique_is_one_value(items: list[Any]) -> None:
    old, new = {"x": items}, {"x": [{"name": "b"}]}
    assert compare(old, new) == (Difference("x", items, [{"name": "b"}]),)


def test_items_that_change_places_are_a_difference() -> None:
    a, b = {"name": "a"}, {"name": "b"}
    assert compare(spec(a, b), spec(b, a)) == (
        Difference("spec.containers", ["a", "b"], ["b", "a"]),
    )


def test_a_key_with_a_dot_is_quoted() -> None:
    old = {"metadata": {"labels": {"app.kubernetes.io/name": "a", "team": "x"}}}
    new = {"metadata": {"labels": {"app.kubernetes.io/name": "b", "team": "y"}}}
    assert [d.path for d in compare(old, new)] == [
        'metadata.labels["app.kubernetes.io/name"]',
        "metadata.labels.team",
    ]


def test_a_number_differs_from_a_boolean() -> None:
    assert compare({"x": 1}, {"x": True}) == (Difference("x", 1, True),)


leaves = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from("ab")
objects = st.recursive(
    st.dictionaries(st.sampled_from(["name", "spec", "a.b"]), leaves, max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["name", "spec", "a.b"]), leaves | inner | st.lists(inner), max_size=3
    ),
    max_leaves=8,
)


@given(objects, objects)
def test_there_are_differences_exactly_if_the_templates_differ(old: Object, new: Object) -> None:
    assert compare(old, old) == ()
    same = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert (compare(old, new) == ()) == same


@given(objects, objects)
def test_swapping_the_templates_swaps_the_values(old: Object, new: Object) -> None:
    there = {d.path: (repr(d.old), repr(d.new)) for d in compare(old, new)}
    back = {d.path: (repr(d.new), repr(d.old)) for d in compare(new, old)}
    assert there == back
