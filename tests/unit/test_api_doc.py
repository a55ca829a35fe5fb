"""`hack.api_doc`: the references are as generated, and name every field, default and limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from controller.api.crds import job_schema, update_schema
from controller.api.rules import JOB, UPDATE
from controller.api.schema import PRESERVE
from hack.api_doc import FOLDER, rendered

TEXTS = {path.name: text for path, text in rendered().items()}
SCHEMAS = {"job": job_schema(), "update": update_schema()}


def test_the_documents_are_as_generated() -> None:
    for path, text in rendered().items():
        assert path.read_text() == text, f"{path.name} is stale: run `make api-doc`"
    there = {path.name for path in FOLDER.glob("reference-*.md")}
    assert there == TEXTS.keys(), "no document is left of a part that is gone"


def fields(node: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    node = node["items"] if node.get("type") == "array" else node
    for name, child in node.get("properties", {}).items() if PRESERVE not in node else ():
        yield name, child
        yield from fields(child)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_field_has_a_row_with_its_description(kind: str) -> None:
    rows = "".join(TEXTS.values())
    every = [f for part in ("spec", "status") for f in fields(SCHEMAS[kind]["properties"][part])]
    assert len(every) > 40
    for name, node in every:
        assert f"| `{name}` | " in rows
        first = " ".join(node.get("description", "").split(". ")[0].split())
        assert first.replace("|", "\\|") in rows, name


@pytest.mark.parametrize("rules", [JOB, UPDATE], ids=["job", "update"])
def test_every_rule_is_said(rules: Mapping[str, Any]) -> None:
    text = "".join(TEXTS.values())
    # The rule about the name of a Job is about its metadata, which has no section.
    said = [rule.message for path, found in rules.items() if path for rule in found]
    assert [message for message in said if message not in text] == []


@pytest.mark.parametrize(
    "row",
    [
        "| `instances` | integer, default: `1`, 0 to 10000 | ",
        "| `template` | object, **required** | ",
        "| `mode` | string, default: `Automatic`, one of `Automatic` `Manual` | ",
        "| `strategy` | [object](#specupdatestrategy), default: `{type: Queue, size: 1}` | ",
        "| `maxUnavailable` | number or percentage, at least 1 | ",
        "| `rollbackOnFailure` | boolean, default: `true` | ",
        "| `gates` | [list of objects](#specupdategates), default: none, at most 16 items | ",
        "| `retryToken` | string, at most 253 characters | ",
    ],
)
def test_a_row(row: str) -> None:
    assert f"\n{row}" in TEXTS["reference-job.md"]


def test_parts_that_are_the_same_have_one_section() -> None:
    link = "| `gates` | [list of objects](reference-job.md#specupdategates), "
    assert link in TEXTS["reference-update.md"]
