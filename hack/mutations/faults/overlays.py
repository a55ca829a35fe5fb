"""Faults in what overlays and constraints make of a template."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_OVERLAYS: Final = "controller/core/overlays"
_REVISIONS: Final = "controller/core/revisions"
_TESTS: Final = "tests/unit/core"

FAULTS: Final = (
    Fault(
        file=f"{_OVERLAYS}/order.py",
        old="place is None or other is None or other >= place",
        new="place is None or other is None or other > place + 1",
        breaks="An item stands before one that it followed.",
        tests=(f"{_TESTS}/overlays/test_order.py",),
    ),
    Fault(
        file=f"{_OVERLAYS}/strategic_merge.py",
        old="        if old.get(name) == [] or (field.map_of and old.get(name) == {}):",
        new="        if old.get(name) == []:",
        breaks="An empty map in a template is no absent one, as it is to the API server.",
        tests=(f"{_TESTS}/overlays/test_strategic_merge.py",),
    ),
    Fault(
        file=f"{_OVERLAYS}/lists.py",
        old="    return type(value), value",
        new="    return value",
        breaks="In a patch, true is the same key as 1.",
        tests=(f"{_TESTS}/overlays/test_strategic_merge.py",),
    ),
    Fault(
        file=f"{_OVERLAYS}/duplicates.py",
        old="if count > 1 and count > had[item]:",
        new="if count > 1:",
        breaks="A template with two variables of one name has no valid overlay.",
        tests=(f"{_TESTS}/overlays/test_refusals.py",),
    ),
    Fault(
        file=f"{_OVERLAYS}/match.py",
        old="wrong = name not in _FUNCTIONS if called else",
        new="wrong = not name if called else",
        breaks="A match may use macros, and with them all memory.",
        tests=(f"{_TESTS}/overlays/test_match.py",),
    ),
    Fault(
        file=f"{_OVERLAYS}/combinations.py",
        old="sum(bool(those) for those, _ in found) > MOST",
        new="len(found) > MOST",
        breaks="A Job with 16 overlays for one instance each is refused.",
        tests=(f"{_TESTS}/overlays/test_combinations.py",),
    ),
    Fault(
        file=f"{_OVERLAYS}/changed.py",
        old='{**values, "instance": str(i)}',
        new='{**values, "instance": "0"}',
        breaks="A placeholder counts as the id of another instance, so pods that differ stay.",
        tests=(f"{_TESTS}/overlays/test_changed.py",),
    ),
    Fault(
        file=f"{_REVISIONS}/data.py",
        old="nulls=name == _PATCH",
        new="nulls=False",
        breaks="A patch cannot delete a field.",
        tests=(f"{_TESTS}/revisions/test_data.py",),
    ),
)
