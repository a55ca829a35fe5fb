"""All commands in docs/updates.md run in their order, with the effects that it describes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.demo.stage import ROOT, Stage
from tests.examples.effects import Effects
from tests.examples.story import Story, commands

DOCUMENT = (ROOT / "docs" / "updates.md").read_text()
NAMESPACE = "updates"


def test_each_manifest_has_its_command() -> None:
    used = "\n".join(command.text for command in commands(DOCUMENT))
    folder = ROOT / "examples" / "updates"
    assert [path.name for path in folder.iterdir() if f"updates/{path.name}" not in used] == []


@pytest.fixture
def story(stage: Stage, tmp_path: Path) -> Iterator[Story]:
    yield Story(stage, NAMESPACE, tmp_path, Effects(stage, NAMESPACE).after())
    stage.shell(f"kubectl delete namespace {NAMESPACE} --wait=false")


@pytest.mark.timeout(900)
def test_every_command_does_what_is_said(story: Story) -> None:
    story.tell(DOCUMENT)
