"""The data of a revision: the template, overlays and constraints."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.revisions import data as revision_data
from controller.core.revisions.data import alike, of_data, of_spec, split, unknown
from controller.core.revisions.revision import canonical, digest, revision_name
from hack.golden import FOLDER

Object = dict[str, Any]

TEMPLATE: Object = {"spec": {"containers": [{"name": "web", "image": "web:1", "args": None}]}}
OVERLAY: Object = {
    "name": "canary",
    "instances": "0",
    "match": None,
    "patch": {"spec": {"priority": 1.0, "hostname": None}, "metadata": {"labels": {"a": None}}},
}
LIMIT: Object = {"key": "host", "limit": 1}


def maps(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Object]:
    return st.dictionaries(st.text(max_size=3), values, max_size=3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | maps(inner),
    max_leaves=12,
)


def test_nulls_of_a_patch_stay_and_no_others() -> None:
    assert of_spec(TEMPLATE, [OVERLAY], [LIMIT]) == (
        b'{"echelon":{"constraints":[{"key":"host","limit":1}],"overlays":[{"instances":"0",'
        b'"name":"canary","patch":{"metadata":{"labels":{"a":null}},"spec":{"hostname":null,'
        b'"priority":1}}}]},"spec":{"containers":[{"image":"web:1","name":"web"}]}}'
    )


@pytest.mark.parametrize(
    ("overlays", "constraints", "expected"),
    [
        ([], [], "d5r67w9tnh24"),
        ([OVERLAY], [], "mn67cn2v44xj"),
        ([], [LIMIT], "tvxtf6srqj6w"),
        ([OVERLAY], [LIMIT], "c7d2rjlw96l2"),
    ],
)
def test_digests_never_change(
    overlays: list[Object], constraints: list[Object], expected: str
) -> None:
    assert digest(of_spec(TEMPLATE, overlays, constraints)) == expected


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.json")), ids=lambda path: path.stem)
def test_a_template_alone_has_the_revision_of_released_versions(path: Path) -> None:
    items = json.loads(path.read_text(encoding="utf-8"))["items"]
    (job,) = (each for each in items if each["kind"] == "EchelonJob")
    template, name = job["spec"]["template"], job["metadata"]["name"]
    assert of_spec(template) == canonical(template)
    revisions = [each for each in items if each["kind"] == "ControllerRevision"]
    assert revisions
    for each in revisions:
        expected = each["metadata"]["name"]
        assert revision_name(name, digest(of_data(each["data"]))) == expected
        assert revision_name(name, digest(of_spec(each["data"]))) == expected


@given(maps(JSON))
def test_a_template_alone_is_its_own_data(template: Object) -> None:
    assert of_spec(template) == canonical(template)
    assert split(of_spec(template)) == (canonical(template), {})


@given(maps(JSON))
def test_what_is_stored_is_read_again(patch: Object) -> None:
    overlay = {**OVERLAY, "patch": patch}
    data = of_spec(TEMPLATE, [overlay], [LIMIT])
    assert of_data(json.loads(data)) == data
    template, parts = split(data)
    assert template == canonical(TEMPLATE)
    assert parts == {
        "overlays": [{"name": "canary", "instances": "0", "patch": patch}],
        "constraints": [LIMIT],
    }


def test_the_key_is_found_only_at_the_top() -> None:
    template = {"metadata": {"labels": {"echelon": "x"}}}
    assert split(of_spec(template)) == (canonical(template), {})


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        (None, ""),
        ({}, ""),
        ({"overlays": [OVERLAY], "constraints": [LIMIT]}, ""),
        ({"lifecycle": {}}, "echelon.lifecycle"),
        ({"overlays": [{**OVERLAY, "until": "2030"}]}, "echelon.overlays[].until"),
        ({"constraints": [{**LIMIT, "soft": True}]}, "echelon.constraints[].soft"),
        ({"constraints": {}}, "echelon.constraints"),
        ({"overlays": ["canary"]}, "echelon.overlays[]"),
        ("x", "echelon"),
    ],
)
def test_what_only_a_newer_version_knows(parts: Any, field: str) -> None:
    assert unknown({**TEMPLATE, revision_data.KEY: parts}) == field


def test_data_of_another_shape() -> None:
    assert (of_data(None), unknown(None), unknown([])) == (b"{}", "", "")


def test_constraints_and_the_order_of_overlays_make_no_other_version() -> None:
    other = {**copy.deepcopy(OVERLAY), "name": "other"}
    one = of_spec(TEMPLATE, [OVERLAY, other], [LIMIT])
    assert alike(one, of_spec(TEMPLATE, [other, OVERLAY]))
    assert not alike(one, of_spec(TEMPLATE, [OVERLAY]))
    assert not alike(one, of_spec({}, [OVERLAY, other], [LIMIT]))
    assert alike(of_spec(TEMPLATE), of_spec(TEMPLATE, [], [LIMIT]))
