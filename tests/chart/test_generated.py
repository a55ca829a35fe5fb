"""The generated files are up to date, and the generators refuse invalid input."""

from __future__ import annotations

import pytest

from hack.chart import CHART, crds, document, readme, schema
from hack.chart.__main__ import rendered
from hack.chart.values import UndocumentedError, Value, values
from hack.generated import stale

REAL = values((CHART / "values.yaml").read_text())


def test_the_files_are_as_generated() -> None:
    assert stale(rendered()) == [], "run `make chart`"


def test_values_are_read_with_their_comments() -> None:
    text = """
# About the file.

# -- A map.
map:
  a: 1
group:
  # -- Goes on
  # over lines.
  b: "x"

  # -- Empty.
  c: []
"""
    assert values(text) == [
        Value(("map",), {"a": 1}, "A map."),
        Value(("group", "b"), "x", "Goes on over lines."),
        Value(("group", "c"), [], "Empty."),
    ]


def test_each_value_has_to_be_explained() -> None:
    with pytest.raises(UndocumentedError, match=r"group\.a"):
        values("group:\n  a: 1\n")


def test_each_value_is_explained_in_a_sentence() -> None:
    for value in REAL:
        assert value.text.endswith("."), value.name
        assert value.text[0].isupper() or value.text[0] == "`", value.name


def test_lists_need_a_rule_of_their_own() -> None:
    with pytest.raises(KeyError, match="things"):
        schema.of([*REAL, Value(("things",), [], "What.")])


def test_no_rule_is_about_a_value_that_is_no_more() -> None:
    with pytest.raises(KeyError, match="tolerations"):
        schema.of([value for value in REAL if value.name != "tolerations"])


def test_a_definition_with_metadata_of_its_own_is_refused() -> None:
    crd = "# Head.\napiVersion: v1\nmetadata:\n  name: x\n  labels: {}\nspec: {}\n"
    with pytest.raises(ValueError, match="no other field"):
        crds.template(crd)


def test_the_table_needs_its_marks() -> None:
    with pytest.raises(ValueError, match="marks"):
        readme.of("no table", [])


def test_the_document_has_each_value_once_with_its_type() -> None:
    text = document.of(REAL, schema.of(REAL))
    for value in REAL:
        assert text.count(f"\n| `{value.name}` | ") == 1
        assert value.text.replace("|", "\\|") in text
    rows = (
        "| `replicaCount` | integer | `2` | ",
        '| `image.pullPolicy` | `Always`, `IfNotPresent`, `Never` | `"IfNotPresent"` | ',
        "| `commonLabels` | map | `{}` | ",
        "| `watchNamespaces` | list | `[]` | ",
        "| `rbac.create` | boolean | `true` | ",
    )
    assert [row for row in rows if row not in text] == []
    assert "\n## `rbac`\n" in text
