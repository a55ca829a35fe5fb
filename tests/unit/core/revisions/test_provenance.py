"""The annotations that say where a revision comes from, and who wrote a template."""

from __future__ import annotations

from typing import Any

from controller.core.revisions import provenance
from controller.core.revisions.provenance import UNKNOWN, Provenance, writer_of_template


def writes(manager: str, second: int, spec: dict[str, Any], subresource: str = "") -> Any:
    """An entry of the managed fields."""
    entry = {
        "manager": manager,
        "operation": "Update",
        "time": f"2026-01-02T03:04:{second:02}Z",
        "fieldsV1": {"f:spec": spec},
    }
    return {**entry, "subresource": subresource} if subresource else entry


TEMPLATE = {"f:template": {"f:spec": {}}}


def test_what_is_known_is_written_and_read_back() -> None:
    known = Provenance("web-a", "commit 1", "argocd-controller")
    assert known.annotations == {
        "echelon.dev/parent": "web-a",
        "echelon.dev/source": "commit 1",
        "echelon.dev/made-by": "argocd-controller",
    }
    assert provenance.read(known.annotations) == known
    assert UNKNOWN.annotations == {}
    assert provenance.read({"echelon.dev/update": "u1"}) == UNKNOWN


def test_a_source_is_cut_by_characters() -> None:
    assert provenance.source_of({"echelon.dev/source": "ü" * 257}) == "ü" * 256
    assert provenance.source_of({"echelon.dev/source": "s" * 256}) == "s" * 256


def test_the_last_writer_of_the_template() -> None:
    fields = [
        writes("argocd-controller", 5, {**TEMPLATE, "f:instances": {}}),
        writes("kubectl-edit", 9, TEMPLATE),
        writes("kubectl-scale", 20, {"f:instances": {}}),
        writes("echelon-controller", 30, TEMPLATE, "status"),
        {"manager": "kubectl-annotate", "time": "2026-01-02T03:05:00Z", "fieldsV1": {}},
    ]
    assert writer_of_template({"managedFields": fields}) == "kubectl-edit"
    assert writer_of_template({"managedFields": fields[2:]}) == ""
    assert writer_of_template({}) == ""


def test_of_two_writers_in_one_second_it_is_the_newcomer() -> None:
    fields = [writes("argocd-controller", 5, TEMPLATE), writes("kubectl-edit", 5, TEMPLATE)]
    for before, after in (fields, fields[::-1]):
        found = writer_of_template({"managedFields": fields}, before["manager"])
        assert found == after["manager"]
    later = [*fields, writes("argocd-controller", 6, TEMPLATE)]
    assert writer_of_template({"managedFields": later}, "argocd-controller") == "argocd-controller"


def test_managed_fields_of_any_shape_are_read() -> None:
    odd = [{"manager": "a"}, {"fieldsV1": {"f:spec": []}}, {"fieldsV1": {"f:spec": TEMPLATE}}]
    assert writer_of_template({"managedFields": odd}) == ""
    assert writer_of_template({"managedFields": None}) == ""
