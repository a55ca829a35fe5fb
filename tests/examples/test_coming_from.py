"""The moves to Jobs in docs/coming-from: the commands of move-deployment.md and statefulset.md run
in their order, and no step takes the service away. Excerpts of manifests, also in deployment.md
and argo-rollout.md, are right, and so is how a pod is put into quarantine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.api.job import Job
from controller.core.verdicts.validation import refusal
from hack.demo.stage import ROOT, Stage
from tests.examples.rolling import TIMEOUT, Rolling, is_true
from tests.examples.story import Story

FOLDER = ROOT / "docs" / "coming-from"
MANIFESTS = ROOT / "examples" / "moving"


@pytest.fixture
def namespace(stage: Stage, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"from-{request.node.name.split('_')[2]}"
    yield name
    stage.shell(f"kubectl delete namespace {name} --wait=false")


class Service:
    """The pods that the Service of a namespace sends requests to."""

    def __init__(self, stage: Stage, namespace: str, name: str) -> None:
        self.stage, self.namespace, self.name = stage, namespace, name
        self.pods: dict[str, str] = {}

    def ready(self) -> dict[str, str]:
        """Name and uid of the Ready pods that it selects."""
        path = f"/api/v1/namespaces/{self.namespace}/pods?labelSelector=app%3D{self.name}"
        found: list[dict[str, Any]] = self.stage.cluster.api.get(path)["items"]
        return {p["metadata"]["name"]: p["metadata"]["uid"] for p in found if is_true(p, "Ready")}

    def serves(self) -> None:
        self.pods = self.ready()
        assert len(self.pods) >= 3, self.pods

    def keeps(self) -> None:
        assert self.ready() == self.pods, "no pod was restarted"


@pytest.mark.timeout(900)
def test_a_deployment_is_moved_with_its_autoscaler(
    stage: Stage, namespace: str, tmp_path: Path
) -> None:
    service = Service(stage, namespace, "cart")
    document = (FOLDER / "move-deployment.md").read_text()
    steps = re.findall(r"^(kubectl (?:scale|wait|patch|delete) .*)$", document, re.MULTILINE)
    after: dict[str, Callable[[], None]] = dict.fromkeys(steps[1:], service.serves)
    assert len(after) > 6
    Story(stage, namespace, tmp_path, after).tell(document)
    assert sorted(service.ready()) == ["cart-0-s", "cart-1-s", "cart-2-s"]


@pytest.mark.timeout(900)
def test_a_statefulset_is_moved_with_its_pods_and_volumes(
    stage: Stage, namespace: str, tmp_path: Path
) -> None:
    service = Service(stage, namespace, "db")

    after = {
        "kubectl rollout status statefulset/db --timeout=5m": service.serves,
        "kubectl wait ejob/db --for=condition=PodNameConflict --timeout=1m": service.keeps,
        "kubectl wait ejob/db --for=condition=Ready --timeout=2m": service.keeps,
    }
    Story(stage, namespace, tmp_path, after).tell((FOLDER / "statefulset.md").read_text())
    assert sorted(service.ready()) == ["db-0", "db-1", "db-2"]


def test_a_pod_in_quarantine_stays_an_instance(
    stage: Stage, namespace: str, tmp_path: Path
) -> None:
    text = (FOLDER / "deployment.md").read_text()
    relabel, delete = re.findall(r"^\| `(kubectl (?:label|delete) pod web-3.*?)` \|", text, re.M)
    story = Story(stage, namespace, tmp_path, {})
    story.run("kubectl apply -f examples/updates/web.yaml")
    job = Rolling(stage, "web", namespace)
    job.wait_ready(6)
    service = Service(stage, namespace, "web")
    before = service.ready()

    story.run(relabel)
    assert before.keys() - service.ready().keys() == {"web-3"}
    job.wait_ready(6)
    assert job.pods()[3]["metadata"]["uid"] == before["web-3"]

    story.run(delete)
    stage.cluster.wait("another web-3", lambda: "web-3" in service.ready(), TIMEOUT)
    assert service.ready()["web-3"] != before["web-3"]


@pytest.mark.parametrize(
    ("page", "manifest"),
    [
        ("deployment.md", "job.yaml"),
        ("statefulset.md", "stateful-job.yaml"),
        ("argo-rollout.md", "rollout-job.yaml"),
    ],
)
def test_the_lines_that_are_shown_are_in_the_manifest(page: str, manifest: str) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", (FOLDER / page).read_text(), re.M | re.S)
    assert blocks
    job = yaml.safe_load((MANIFESTS / manifest).read_text())
    for block in blocks:
        for key, value in yaml.safe_load(block).items():
            assert value in list(found(job, key)), f"{manifest} has no {key}: {value}"


def test_the_policy_in_place_of_steps_and_analysis_is_valid() -> None:
    job = yaml.safe_load((MANIFESTS / "rollout-job.yaml").read_text())
    update = Job.model_validate(job).spec.update
    assert update.replacement == "Surge"
    (gate,) = update.gates
    assert gate.prometheus is not None
    assert refusal([gate], "gates") is None


@pytest.mark.parametrize(
    ("before", "after"),
    [("deployment.yaml", "job.yaml"), ("rollout.yaml", "rollout-job.yaml")],
)
def test_the_template_is_taken_over_as_it_is(before: str, after: str) -> None:
    old, new = (
        next(found(list(yaml.safe_load_all((MANIFESTS / name).read_text())), "template"))
        for name in (before, after)
    )
    assert old == new


def found(node: Any, key: str) -> Iterator[Any]:
    """All values of this key, at any depth."""
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == key)
        for value in node.values():
            yield from found(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from found(value, key)
