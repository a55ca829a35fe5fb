"""What makes a revision: the canonical form, its digest and its name."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.revisions.revision import canonical, digest, digest_of, images, revision_name

TEMPLATE: dict[str, Any] = {
    "metadata": {"creationTimestamp": None, "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "web:1", "args": None}]},
}


def test_canonical_form() -> None:
    assert canonical(TEMPLATE) == (
        b'{"metadata":{"labels":{"app":"web"}},'
        b'"spec":{"containers":[{"image":"web:1","name":"web"}]}}'
    )


def test_the_template_is_not_changed() -> None:
    before = copy.deepcopy(TEMPLATE)
    canonical(TEMPLATE)
    assert before == TEMPLATE


def test_it_is_utf8() -> None:
    assert canonical({"ä": "日本"}) == '{"ä":"日本"}'.encode()


def test_null_fields_are_dropped_at_every_level_and_null_items_stay() -> None:
    assert canonical({"a": {"b": None}, "c": [{"d": None}, None, 1]}) == b'{"a":{},"c":[{},null,1]}'


@pytest.mark.parametrize(
    "field",
    ["uid", "resourceVersion", "generation", "creationTimestamp", "name", "namespace", "selfLink"],
)
def test_what_pods_do_not_get_makes_no_revision(field: str) -> None:
    other = copy.deepcopy(TEMPLATE)
    other["metadata"][field] = "5"
    other["status"] = {"phase": "Running"}
    assert canonical(other) == canonical(TEMPLATE)
    deeper = copy.deepcopy(TEMPLATE)
    deeper["spec"]["containers"][0][field] = "5"
    assert canonical(deeper) != canonical(TEMPLATE), "only of the template itself"


@pytest.mark.parametrize("other", [{"a": {}}, {"a": []}, {"a": ""}, {"a": 0}, {"a": False}])
def test_empty_is_not_absent(other: dict[str, Any]) -> None:
    assert canonical(other) != canonical({})


def test_an_integer_has_one_form() -> None:
    assert canonical({"n": 2.0}) == canonical({"n": 2}) == b'{"n":2}'
    assert canonical({"n": True}) == b'{"n":true}'
    assert canonical({"n": 2.5}) == b'{"n":2.5}'


def test_a_value_that_is_not_json_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"n": float("nan")})


def test_the_digest_is_stable() -> None:
    # A new release must find the revisions of an old one: this value never changes.
    assert digest(canonical(TEMPLATE)) == "2zwrf7nf6sb4"


@given(st.binary())
def test_the_digest_is_safe_in_labels_and_names(data: bytes) -> None:
    assert re.fullmatch(r"[bcdfghjklmnpqrstvwxz2456789]{12}", digest(data))


def test_digests_differ() -> None:
    found = {digest(str(i).encode()) for i in range(10_000)}
    assert len(found) == 10_000


def test_name_and_back() -> None:
    name = revision_name("web-2", "bcd456")
    assert name == "web-2-bcd456"
    assert digest_of("web-2", name) == "bcd456"


@pytest.mark.parametrize("name", ["", "web", "web-", "other-bcd", "webx-bcd"])
def test_the_name_of_a_foreign_revision_has_no_digest(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a revision"):
        digest_of("web", name)


def test_images() -> None:
    spec = {
        "initContainers": [{"image": "init:1"}, {"image": "side:1"}],
        "containers": [{"image": "web:1"}, {"image": "side:1"}, {"name": "no image"}],
    }
    assert images({"spec": spec}) == ("web:1", "side:1", "init:1")


@pytest.mark.parametrize(
    "template",
    [
        {},
        {"spec": None},
        {"spec": 1},
        {"spec": {"containers": "web"}},
        {"spec": {"containers": [1]}},
    ],
)
def test_a_value_that_is_no_template_has_no_images(template: dict[str, Any]) -> None:
    assert images(template) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text(max_size=3), JSON, max_size=5)


@given(OBJECTS)
def test_a_canonical_template_is_its_own_canonical_form(template: dict[str, Any]) -> None:
    text = canonical(template)
    assert canonical(json.loads(text)) == text


@given(OBJECTS)
def test_the_order_of_keys_does_not_matter(template: dict[str, Any]) -> None:
    assert canonical(_reversed(template)) == canonical(template)


def _reversed(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _reversed(node[key]) for key in reversed(node)}
    return [_reversed(item) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize("odd", [7, "text", ["a"], True])
def test_what_is_no_object_is_an_empty_template(odd: Any) -> None:
    """Somebody made a revision by hand; the API server makes no pod of it."""
    assert canonical(odd) == b"{}"
