"""docs/troubleshooting.md and docs/troubleshooting-updates.md: their commands work."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.demo.stage import ROOT, Stage
from tests.examples.rolling import Rolling
from tests.examples.story import Story


@pytest.mark.parametrize("page", ["troubleshooting.md", "troubleshooting-updates.md"])
def test_the_first_commands_work(stage: Stage, page: str, tmp_path: Path) -> None:
    namespace = page.removesuffix(".md")
    story = Story(stage, namespace, tmp_path, {})
    story.run("kubectl apply -f examples/updates/web.yaml")
    job = Rolling(stage, "web", namespace)
    job.wait_ready(6)
    story.run("sed s/:1.0/:1.1/ examples/updates/web.yaml | kubectl apply -f -")
    job.wait_outcome("RolledForward", 2)
    story.tell((ROOT / "docs" / page).read_text())
    assert len(story.ran) >= 3
    stage.shell(f"kubectl delete namespace {namespace} --wait=false")
