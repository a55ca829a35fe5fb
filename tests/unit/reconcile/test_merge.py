"""The merge patch turns the old status into the new one and contains only differences."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from controller.api.meta import wire
from controller.api.update import UpdateStatus
from controller.reconcile.merge import merge_patch

leaves = st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=3) | st.booleans()
keys = st.sampled_from("abcd")
objects = st.recursive(
    st.dictionaries(keys, leaves, max_size=4),
    lambda inner: st.dictionaries(keys, leaves | inner, max_size=4),
    max_leaves=8,
)


def applied(target: Any, patch: Any) -> Any:
    """Apply a merge patch (RFC 7386), as the API server does."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = applied(result.get(key), value)
    return result


@given(objects, objects)
def test_the_patch_makes_the_old_the_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert applied(old, merge_patch(old, new)) == new


@given(objects)
def test_no_difference_makes_an_empty_patch(same: dict[str, Any]) -> None:
    assert merge_patch(same, same) == {}


def test_only_differences_are_in_the_patch() -> None:
    old = {"a": 1, "b": {"c": 2, "d": 3}, "e": [1]}
    new = {"a": 1, "b": {"c": 2}, "e": [1, 2]}
    assert merge_patch(old, new) == {"b": {"d": None}, "e": [1, 2]}


def test_what_a_newer_operator_keeps_in_a_status_stays() -> None:
    # The models do not know the field, so no patch contains it: it is neither changed nor removed.
    raw = {
        "phase": "RollingForward",
        "message": "old",
        "counts": {"total": 3, "relabelled": 2},
        "to": {"revision": "web-1", "instances": "0-2", "source": "abc"},
        "later": {"than": "this"},
    }
    status = UpdateStatus.model_validate(raw)
    there = status.model_dump(mode="json", by_alias=True, exclude_unset=True)
    newer = status.model_copy(
        update={"message": "new", "counts": status.counts.model_copy(update={"updated": 1})}
    )
    patched = applied(raw, merge_patch(there, wire(newer)))
    assert patched["later"] == {"than": "this"}
    assert patched["counts"]["relabelled"] == 2
    assert patched["to"] == raw["to"]
    assert (patched["message"], patched["counts"]["updated"]) == ("new", 1)
