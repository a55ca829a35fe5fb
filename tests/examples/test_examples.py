"""Every example works as described: it is accepted, becomes Ready, and updates to another image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.api.job import Job
from hack.demo.stage import ROOT, Stage
from tests.examples.rolling import TIMEOUT, Rolling

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_rolls(stage: Stage, path: Path) -> None:
    manifest = job_of(path)
    instances = manifest["spec"]["instances"]
    Job.model_validate(manifest)
    said = stage.shell(f"kubectl apply -f {path.relative_to(ROOT)} 2>&1")
    assert all(line.endswith("created") for line in said.splitlines()), said
    job = Rolling(stage, manifest["metadata"]["name"])
    job.wait_ready(instances)

    generation = apply(stage, path, tag="1.1")
    job.wait_outcome("RolledForward", generation)
    job.wait_ready(instances)
    image = manifest["spec"]["template"]["spec"]["containers"][0]["image"]
    assert job.images() == [image.replace(":1.0", ":1.1")] * instances
    job.delete()


@pytest.fixture
def canary(stage: Stage) -> Iterator[Rolling]:
    stage.shell("kubectl apply -f examples/canary.yaml")
    job = Rolling(stage, "api")
    yield job
    job.delete()


def test_a_bad_canary_is_all_that_runs_the_bad_version(canary: Rolling) -> None:
    canary.wait_ready(20)
    before = {i: pod["metadata"]["uid"] for i, pod in canary.pods().items()}
    generation = apply(canary.stage, ROOT / "examples" / "canary.yaml", tag="1.1-exit")
    canary.wait_outcome("RolledBack", generation)
    status = canary.update()["status"]
    assert status["instances"] == {"rolledBack": "0"}
    assert [each["instance"] for each in status["failures"]] == [0, 0], "one failure was tolerated"
    after = {i: pod["metadata"]["uid"] for i, pod in canary.pods().items()}
    assert {i for i in before if before[i] != after[i]} == {0}
    assert canary.images() == ["api:1.0"] * 20


@pytest.fixture
def store(stage: Stage) -> Iterator[Rolling]:
    stage.shell("kubectl apply -f examples/stateful.yaml")
    job = Rolling(stage, "store")
    yield job
    job.delete()


def test_an_instance_keeps_its_claim(store: Rolling) -> None:
    store.wait_ready(3)
    assert claims(store) == {i: f"data-store-{i}" for i in range(3)}
    generation = apply(store.stage, ROOT / "examples" / "stateful.yaml", tag="1.1-exit")
    store.wait_outcome("RolledBack", generation)
    assert claims(store) == {i: f"data-store-{i}" for i in range(3)}

    # As the example says: no data is deleted.
    before = bound(store.stage)
    store.stage.shell("kubectl scale ejob store --replicas=2")
    store.stage.cluster.wait("instance 2 is gone", lambda: len(store.pods()) == 2, TIMEOUT)
    assert bound(store.stage) == before
    store.stage.shell("kubectl scale ejob store --replicas=4")
    store.stage.cluster.wait("4 run", lambda: running(store) == 4, TIMEOUT)
    assert bound(store.stage).items() >= before.items()
    assert claims(store)[3] == "data-store-3"


def documents(path: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def job_of(path: Path) -> dict[str, Any]:
    (job,) = (each for each in documents(path) if each["kind"] == "EchelonJob")
    return job


def apply(stage: Stage, path: Path, tag: str) -> int:
    """Apply an example with another tag. Returns the Job's generation."""
    newer = re.sub(r"(image: \S+):1\.0", rf"\1:{tag}", path.read_text())
    assert newer != path.read_text()
    stage.cluster.kubectl("apply", "-f", "-", input=newer)
    generation: int = stage.job(job_of(path)["metadata"]["name"])["metadata"]["generation"]
    return generation


def claims(job: Rolling) -> dict[int, str]:
    """The claim that each instance mounts."""
    return {
        instance: volume["persistentVolumeClaim"]["claimName"]
        for instance, pod in job.pods().items()
        for volume in pod["spec"]["volumes"]
        if volume["name"] == "data"
    }


def bound(stage: Stage) -> dict[str, str]:
    """The uid of each claim of the example that has a volume."""
    found = stage.cluster.api.get("/api/v1/namespaces/default/persistentvolumeclaims")["items"]
    mine = [c for c in found if c["metadata"]["labels"].get("echelon.dev/job") == "store"]
    return {c["metadata"]["name"]: c["metadata"]["uid"] for c in mine if c["spec"]["volumeName"]}


def running(job: Rolling) -> int:
    return sum(pod["status"].get("phase") == "Running" for pod in job.pods().values())
