"""Reserved fields of later versions: refused in `spec` by name, kept in `status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from controller.api import reserved_fields as later
from controller.api.crds import job_crd, update_crd
from controller.api.schema import at

Schema = dict[str, Any]


def schema_of(crd: Schema) -> Schema:
    (version,) = crd["spec"]["versions"]
    schema: Schema = version["schema"]["openAPIV3Schema"]
    return schema


SCHEMAS = {"EchelonJob": schema_of(job_crd()), "Update": schema_of(update_crd())}


def refused() -> Iterator[tuple[str, str, str]]:
    """Kind, path of the object and field."""
    for kind, fields in (("EchelonJob", later.JOB_SPEC), ("Update", later.UPDATE_SPEC)):
        for path, properties in fields.items():
            yield from ((kind, path, name) for name in properties)


def kept() -> Iterator[tuple[str, str, str]]:
    for kind, fields in (("EchelonJob", later.JOB_STATUS),):
        for path, properties in fields.items():
            yield from ((kind, path, name) for name in properties)


@pytest.mark.parametrize(("kind", "path", "name"), list(refused()))
def test_a_field_of_spec_is_there_and_refused_by_name(kind: str, path: str, name: str) -> None:
    node = at(SCHEMAS[kind], path)
    assert node["properties"][name]["description"].startswith("Not yet supported; leave it out.")
    (rule,) = (r for r in node["x-kubernetes-validations"] if r.get("fieldPath") == f".{name}")
    assert rule["rule"] == f"!has(self.{name})"
    assert rule["message"] == f"{path}.{name} is not yet supported; leave it out"


@pytest.mark.parametrize(("kind", "path", "name"), list(kept()))
def test_a_field_of_status_is_there_and_not_refused(kind: str, path: str, name: str) -> None:
    node = at(SCHEMAS[kind], path)
    assert name in node["properties"]
    assert "x-kubernetes-validations" not in node


@pytest.mark.parametrize(
    ("kind", "path", "words"),
    [
        (
            "EchelonJob",
            "spec.update.gates[].scope",
            ["Batch", "Continuous", "Final", "Before"],
        ),
        ("Update", "spec.policy.gates[].scope", ["Batch", "Continuous", "Final", "Before"]),
        ("Update", "status.policy.gates[].scope", ["Batch", "Continuous", "Final", "Before"]),
    ],
)
def test_words_are_in_the_enum(kind: str, path: str, words: list[str]) -> None:
    assert at(SCHEMAS[kind], path)["enum"] == words


def test_none_has_a_default() -> None:
    # Adding or removing a default here would change the digest of every revision.
    def defaults(node: Any) -> bool:
        if isinstance(node, dict):
            return "default" in node or any(map(defaults, node.values()))
        return isinstance(node, list) and any(map(defaults, node))

    for kind, path, name in (*refused(), *kept()):
        assert not defaults(at(SCHEMAS[kind], path)["properties"][name]), name
