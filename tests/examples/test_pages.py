"""The commands of the pages for newcomers run in their order, in a namespace for each page, and
print what the page shows. The Jobs that README.md and docs/sla.md show as a whole run, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.demo.stage import ROOT, Stage
from tests.examples.rolling import Rolling
from tests.examples.story import Story, commands

PAGES = (
    "quick-start.md",
    "overlays.md",
    "sla.md",
    "stateful.md",
    "tasks/approval.md",
    "tasks/canary.md",
    "tasks/commits.md",
    "tasks/coordinated.md",
    "tasks/in-place.md",
    "tasks/roll-back.md",
)


#: Every page whose commands are run in their order, here or by another test.
STORIES = (*PAGES, "updates.md", "coming-from/move-deployment.md", "coming-from/statefulset.md")


@pytest.mark.parametrize("page", STORIES)
def test_an_update_of_the_operator_is_there_before_it_is_named(page: str) -> None:
    """The operator makes it a moment after the Job was applied: kubectl does not wait by itself."""
    awaited: set[str] = set()
    for command in commands((ROOT / "docs" / page).read_text()):
        for name in re.findall(r"\b[a-z]+-g\d+\b", command.text):
            if f"wait eup/{name} --for=create" in command.text:
                awaited.add(name)
            assert name in awaited, command.text


@pytest.fixture
def story(stage: Stage, page: str, tmp_path: Path) -> Iterator[Story]:
    namespace = re.sub(r"\W", "-", page.removesuffix(".md").lower())
    yield Story(stage, namespace, tmp_path, {})
    stage.shell(f"kubectl delete namespace {namespace} --wait=false")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(story: Story, page: str) -> None:
    story.tell((ROOT / "docs" / page).read_text())
    assert story.ran


@pytest.mark.parametrize("page", ["README.md", "docs/sla.md"])
def test_the_job_of_a_page_runs_and_is_updated(story: Story, page: str, tmp_path: Path) -> None:
    # Other manifests of a page are only checked.
    run = r"^<!-- run by: [^\n]* -->\n```yaml\n(.*?)^```"
    (manifest,) = re.findall(run, (ROOT / page).read_text(), re.M | re.S)
    path = tmp_path / "web.yaml"
    path.write_text(manifest)
    story.run(f"kubectl apply -f {path}")
    job = Rolling(story.stage, "web", story.namespace)
    instances = job.get()["spec"]["instances"]
    job.wait_ready(instances)
    story.run(f"sed s/:1.0/:1.1/ {path} | kubectl apply -f -")
    job.wait_outcome("RolledForward", 2)
    assert job.images() == ["webserver:1.1"] * instances
