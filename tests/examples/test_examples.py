"""Every example does what it says: it is accepted, becomes Ready, and rolls to another image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.api.job import Job
from hack.demo.stage import ROOT, Stage

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
TIMEOUT = 120.0


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as made:
        made.start_cluster()
        made.shell("kubectl apply -f crds/")
        made.shell("kubectl wait --for=condition=Established crd --all")
        made.start_operator()
        yield made


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_rolls(stage: Stage, path: Path) -> None:
    text = path.read_text()
    manifest = yaml.safe_load(text)
    name, instances = manifest["metadata"]["name"], manifest["spec"]["instances"]
    Job.model_validate(manifest)
    assert (said := stage.shell(f"kubectl apply -f {path.relative_to(ROOT)}")).endswith("created\n")
    assert "Warning" not in said
    stage.cluster.wait(f"{name} is Ready", lambda: is_true(stage.job(name), "Ready"), TIMEOUT)
    assert stage.job(name)["status"]["availableInstances"] == instances

    newer = re.sub(r"(image: \S+):1\.0", r"\1:1.1", text)
    assert newer != text
    stage.cluster.kubectl("apply", "-f", "-", input=newer)
    stage.cluster.wait(f"{name} is updated", lambda: updated(stage, name), TIMEOUT)
    assert is_true(stage.job(name), "Ready")
    assert images(stage, name) == [image(yaml.safe_load(newer))] * instances
    stage.shell(f"kubectl delete ejob {name}")
    stage.cluster.wait("its pods are gone", lambda: not images(stage, name), TIMEOUT)


def updated(stage: Stage, name: str) -> bool:
    last = stage.job(name)["status"]["lastAttempt"]
    assert last.get("outcome") in (None, "RolledForward")
    return last.get("outcome") is not None and last.get("update") is not None


def is_true(item: dict[str, Any], condition: str) -> bool:
    conditions = item.get("status", {}).get("conditions", [])
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def image(manifest: dict[str, Any]) -> str:
    found: str = manifest["spec"]["template"]["spec"]["containers"][0]["image"]
    return found


def images(stage: Stage, name: str) -> list[str]:
    path = f"/api/v1/namespaces/default/pods?labelSelector=echelon.dev/job%3D{name}"
    pods = stage.cluster.api.get(path)["items"]
    return [pod["spec"]["containers"][0]["image"] for pod in pods]
