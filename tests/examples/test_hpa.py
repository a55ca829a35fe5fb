"""A HorizontalPodAutoscaler sets the size of a Job, also during updates and rollbacks.

No load is measured here. The tests change the autoscaler's bounds instead, which it also enforces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from controller.api.job import Job
from hack.demo.stage import ROOT, Stage
from tests.examples.rolling import TIMEOUT, Rolling

FOLDER = ROOT / "examples" / "hpa"
HPA = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/frontend"


@pytest.fixture
def frontend(stage: Stage) -> Iterator[Rolling]:
    job = Rolling(stage, "frontend")
    yield job
    stage.shell("kubectl delete hpa frontend --ignore-not-found")
    job.delete()


def test_an_autoscaler_scales_during_an_update_and_after_a_rollback(
    stage: Stage, frontend: Rolling
) -> None:
    manifest = yaml.safe_load((FOLDER / "job.yaml").read_text())
    Job.model_validate(manifest)
    assert "instances" not in manifest["spec"]
    said = stage.shell("kubectl apply -f examples/hpa/ 2>&1")
    assert said.splitlines() == [
        "horizontalpodautoscaler.autoscaling/frontend created",
        "echelonjob.echelon.dev/frontend created",
    ]
    frontend.wait_ready(3)
    conditions = stage.cluster.api.get(HPA)["status"]["conditions"]
    able = next(each for each in conditions if each["type"] == "AbleToScale")
    assert able["status"] == "True", able
    assert stage.cluster.api.get(HPA)["status"]["currentReplicas"] == 3

    generation = ship(frontend, "1.1")
    stage.cluster.wait("its first batch", lambda: "frontend:1.1" in frontend.images(), TIMEOUT)
    bound(frontend, "minReplicas", 5)
    stage.cluster.wait("5 wanted", lambda: frontend.get()["spec"]["instances"] == 5, TIMEOUT)
    assert frontend.get()["status"]["lastAttempt"].get("outcome") is None, (
        "the update is still active"
    )
    frontend.wait_outcome("RolledForward", generation)
    frontend.wait_ready(5)
    assert frontend.images() == ["frontend:1.1"] * 5

    generation = ship(frontend, "1.2-exit")
    frontend.wait_outcome("RolledBack", generation)
    updates = frontend.updates()
    bound(frontend, "minReplicas", 6)
    stage.cluster.wait("6 run", lambda: available(frontend) == 6, TIMEOUT)
    bound(frontend, "minReplicas", 2)
    bound(frontend, "maxReplicas", 4)
    stage.cluster.wait("4 run", lambda: len(frontend.pods()) == available(frontend) == 4, TIMEOUT)
    assert frontend.images() == ["frontend:1.1"] * 4
    assert frontend.updates() == updates, "scaling does not try the bad version again"

    said = stage.shell("kubectl apply -f examples/hpa/job.yaml")
    assert said == "echelonjob.echelon.dev/frontend configured\n"
    stage.shell("kubectl wait ejob/frontend --for=condition=Ready --timeout=60s")
    assert frontend.get()["spec"]["instances"] == 4, (
        "another apply does not reset the autoscaler's number"
    )


def test_a_size_that_was_applied_is_handed_over(stage: Stage, frontend: Rolling) -> None:
    manifest = yaml.safe_load((FOLDER / "job.yaml").read_text())
    sized = manifest | {"spec": manifest["spec"] | {"instances": 3}}
    stage.cluster.kubectl("apply", "-f", "-", input=json.dumps(sized))
    # As the comment in the example says.
    command = "kubectl apply set-last-applied -f examples/hpa/job.yaml"
    assert f"#   {command}\n" in (FOLDER / "job.yaml").read_text()
    stage.shell(command)
    stage.shell("kubectl apply -f examples/hpa/job.yaml")
    assert frontend.get()["spec"]["instances"] == 3


def ship(job: Rolling, tag: str) -> int:
    """Apply the example with another tag. Returns the Job's generation."""
    newer = (FOLDER / "job.yaml").read_text().replace("frontend:1.0", f"frontend:{tag}")
    job.stage.cluster.kubectl("apply", "-f", "-", input=newer)
    generation: int = job.get()["metadata"]["generation"]
    return generation


def bound(job: Rolling, which: str, count: int) -> None:
    changed: dict[str, Any] = {"spec": {which: count}}
    job.stage.cluster.api.patch(HPA, changed)


def available(job: Rolling) -> int:
    found: int = job.get()["status"]["availableInstances"]
    return found
