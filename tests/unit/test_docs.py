"""What the documents say is there: manifests are valid, names exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.api.job import Job
from controller.api.maintenance import Maintenance
from controller.api.update import Phase, Update
from controller.settings import load

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
KINDS = {"EchelonJob": Job, "Update": Update, "Maintenance": Maintenance}

_YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in DOCUMENTS:
        for block in _YAML.findall(path.read_text()):
            # A patch of kustomize has the version within a target; it is no manifest.
            if "apiVersion: echelon.dev" in block and "kind" in (read := yaml.safe_load(block)):
                yield path.name, read


def test_manifests_are_valid() -> None:
    found = list(manifests())
    assert {"README.md", "sla.md"} <= {page for page, _ in found}, "they explain a Job"
    for _, manifest in found:
        read = KINDS[manifest["kind"]].model_validate(manifest)
        # An unknown field would be ignored by the model: nothing of it may get lost but a template.
        said = read.model_dump(by_alias=True, exclude_unset=True)
        assert missing(manifest["spec"], said["spec"]) == []


def missing(given: dict[str, Any], read: dict[str, Any]) -> list[str]:
    """Keys of `given` that the model did not take."""
    lost = [key for key in given if key not in read]
    for key, value in given.items():
        if isinstance(value, dict) and isinstance(read.get(key), dict):
            lost += [f"{key}.{each}" for each in missing(value, read[key])]
    return lost


def test_every_phase_is_explained_or_said_to_come() -> None:
    text = (ROOT / "docs" / "update.md").read_text()
    to_come = {phase for phase in Phase if "Paused" in phase or "Awaiting" in phase}
    to_come.add(Phase.PLANNED)
    assert [phase for phase in Phase if phase not in to_come and f"`{phase}`" not in text] == []


def test_every_flag_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load(["--help"], {})
    flags = set(re.findall(r"^  (--[a-z-]+) [A-Z]", capsys.readouterr().out, re.MULTILINE))
    text = (ROOT / "docs" / "operating.md").read_text()
    assert len(flags) > 5
    assert [flag for flag in sorted(flags) if f"`{flag}" not in text] == []


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    for path in DOCUMENTS:
        named = set(re.findall(r"\bmake ([a-z][a-z-]+)", code(path.read_text())))
        assert named - targets == set(), path.name


def code(text: str) -> str:
    """The code in a document, block or inline."""
    blocks = re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`[^`\n]+`", text)])
