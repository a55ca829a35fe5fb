"""The layout for a Git repository renders; neither a rollback nor an autoscaler causes drift."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.api.job import Job
from hack.demo.stage import ROOT, Stage
from tests.examples.rolling import Rolling, is_true

FOLDER = ROOT / "examples" / "gitops"
STAGES = {"staging": 2, "production": None}


class Repository:
    """A working copy of the layout, with the operations of a GitOps tool."""

    def __init__(self, stage: Stage, folder: Path, overlay: str) -> None:
        self.stage = stage
        self.overlay = folder / "overlays" / overlay
        self.base = folder / "base" / "kustomization.yaml"
        self.job = Rolling(stage, "shop", overlay)

    def commit(self, path: Path, pattern: str, text: str) -> None:
        path.write_text(changed := re.sub(pattern, text, (before := path.read_text())))
        assert changed != before

    def tag(self, tag: str) -> None:
        self.commit(self.overlay / "kustomization.yaml", r'newTag: "\S+"', f'newTag: "{tag}"')

    def sync(self) -> int:
        """Apply the overlay. Returns the Job's generation."""
        self.stage.cluster.kubectl("apply", "-k", str(self.overlay))
        generation: int = self.job.get()["metadata"]["generation"]
        return generation

    def drift(self) -> str:
        """The difference between Git and the cluster."""
        return self.stage.cluster.kubectl("diff", "-k", str(self.overlay), check=False)


@pytest.fixture
def repository(stage: Stage, tmp_path: Path, overlay: str) -> Iterator[Repository]:
    folder = shutil.copytree(FOLDER, tmp_path / "examples" / "gitops")
    shutil.copytree(ROOT / "integrations" / "kustomize", tmp_path / "integrations" / "kustomize")
    stage.shell(f"kubectl create namespace {overlay}")
    yield Repository(stage, folder, overlay)
    stage.shell(f"kubectl delete namespace {overlay} --wait=false")


@pytest.mark.parametrize("overlay", STAGES)
def test_a_stage_renders(stage: Stage, overlay: str) -> None:
    text = stage.shell(f"kubectl kustomize examples/gitops/overlays/{overlay} 2>&1")
    found = {each["kind"]: each for each in yaml.safe_load_all(text)}
    assert {each["metadata"]["namespace"] for each in found.values()} == {overlay}
    job = found["EchelonJob"]
    Job.model_validate(job)
    assert job["spec"].get("instances") == STAGES[overlay]
    assert ("HorizontalPodAutoscaler" in found) == (STAGES[overlay] is None)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert re.fullmatch(r"shop:1\.\d", container["image"])
    settings = found["ConfigMap"]["metadata"]["name"]
    assert container["envFrom"] == [{"configMapRef": {"name": settings}}]
    assert settings.startswith("shop-")


@pytest.mark.parametrize("overlay", ["staging"])
def test_a_rollback_is_no_drift(repository: Repository) -> None:
    job = repository.job
    repository.sync()
    job.wait_ready(2)
    assert job.images() == ["shop:1.1"] * 2

    repository.tag("1.2-exit")
    job.wait_outcome("RolledBack", repository.sync())
    assert job.images() == ["shop:1.1"] * 2
    assert is_true(job.get(), "Stalled")
    assert repository.drift() == ""
    updates, generation = job.updates(), job.get()["metadata"]["generation"]
    assert repository.sync() == generation
    assert job.updates() == updates

    repository.tag("1.1")
    repository.sync()
    job.wait_ready(2)

    first = settings(job)
    repository.commit(repository.base, "LOG_LEVEL=info", "LOG_LEVEL=debug")
    job.wait_outcome("RolledForward", repository.sync())
    job.wait_ready(2)
    assert settings(job).isdisjoint(first)


@pytest.mark.parametrize("overlay", ["production"])
def test_an_autoscaler_is_no_drift(repository: Repository) -> None:
    job = repository.job
    generation = repository.sync()
    job.wait_ready(4)
    assert job.get()["metadata"]["generation"] > generation, "it was scaled, then"
    assert repository.drift() == ""

    repository.tag("1.1")
    generation = repository.sync()
    assert job.get()["spec"]["instances"] == 4
    job.wait_outcome("RolledForward", generation)
    job.wait_ready(4)
    assert job.images() == ["shop:1.1"] * 4
    assert job.get()["spec"]["instances"] == 4


def test_the_applications_are_those_of_the_stages() -> None:
    text = (FOLDER / "argocd" / "applications.yaml").read_text()
    found = {each["spec"]["destination"]["namespace"]: each for each in yaml.safe_load_all(text)}
    assert found.keys() == STAGES.keys()
    for overlay, application in found.items():
        spec: dict[str, Any] = application["spec"]
        assert spec["source"]["path"] == f"overlays/{overlay}"
        scaled = STAGES[overlay] is None
        assert ("ignoreDifferences" in spec) == scaled
        assert ("RespectIgnoreDifferences=true" in spec["syncPolicy"]["syncOptions"]) == scaled


def settings(job: Rolling) -> set[str]:
    """The ConfigMaps that the Job's pods use."""
    containers = (pod["spec"]["containers"][0] for pod in job.pods().values())
    return {each["configMapRef"]["name"] for one in containers for each in one["envFrom"]}
