"""What is made of a template: a batch/v1 Job, a CronJob, and a pod for a dry run."""

from __future__ import annotations

from typing import Any

import pytest

from controller.core.runs import manifest
from controller.core.runs.placeholders import InvalidRunError
from tests.unit.core.runs.world import World, pod_template


def run(template: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    world = World.of(template=template or pod_template(), **spec)
    return manifest.run(world.job, "web-r1", world.revision, world.template)


def container(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["spec"]["template"]["spec"]["containers"][0]
    return found


def test_the_run_is_indexed_and_tolerates_what_the_spec_says() -> None:
    spec = run(instances=3, maxTaskFailures=2, deadlineSeconds=60)["spec"]
    template = spec.pop("template")
    assert spec == {
        "completionMode": "Indexed",
        "completions": 3,
        "parallelism": 3,
        "backoffLimitPerIndex": 2,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "Ignore",
                    "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                }
            ]
        },
        "activeDeadlineSeconds": 60,
    }
    assert template["spec"]["restartPolicy"] == "Never"


def test_labels_of_instances_are_left_out_and_ours_win() -> None:
    template = pod_template()
    template["metadata"] = {
        "labels": {"echelon.dev/instance": "9", "echelon.dev/job": "other", "app": "shop"},
        "annotations": {"echelon.dev/failures": "3", "team": "a"},
    }
    world = World.of(template=template)
    made = manifest.run(world.job, "web-r1", world.revision, world.template)
    pod = made["spec"]["template"]["metadata"]
    digest = world.revision.removeprefix("web-")
    ours = {
        "echelon.dev/job": "web",
        "echelon.dev/revision": digest,
        "app.kubernetes.io/managed-by": "echelon",
    }
    assert pod["labels"] == {"app": "shop", **ours}
    assert pod["annotations"] == {"team": "a", "echelon.dev/revision": world.revision}
    assert made["metadata"]["labels"] == ours


def test_the_instance_is_a_reference_where_kubernetes_expands_it() -> None:
    template = pod_template(
        command=["run", "--shard={{echelon.instance}}/{{echelon.instances}}"],
        args=["{{echelon.job}}.{{echelon.namespace}}", "{{other}}"],
        env=[
            {"name": "SHARD", "value": "{{echelon.instance}}"},
            {"name": "ECHELON_INSTANCE", "value": "mine"},
        ],
        volumeMounts=[{"name": "d", "mountPath": "/d", "subPathExpr": "{{echelon.instance}}/x"}],
    )
    template["spec"]["initContainers"] = [{"name": "i", "args": ["{{echelon.instance}}"]}]
    made = run(template)
    found = container(made)
    assert found["command"] == ["run", "--shard=$(ECHELON_INSTANCE)/2"]
    assert found["args"] == ["web.shop", "{{other}}"]
    assert found["volumeMounts"][0]["subPathExpr"] == "$(ECHELON_INSTANCE)/x"
    path = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    source = {"fieldRef": {"fieldPath": path}}
    assert found["env"] == [
        {"name": "ECHELON_INSTANCE", "valueFrom": source},
        {"name": "SHARD", "value": "$(ECHELON_INSTANCE)"},
    ]
    assert made["spec"]["template"]["spec"]["initContainers"][0]["args"] == ["$(ECHELON_INSTANCE)"]


@pytest.mark.parametrize(
    ("template", "field"),
    [
        (pod_template(image="web:{{echelon.instance}}"), "containers[0].image"),
        (pod_template(workingDir="/{{echelon.instance}}"), "containers[0].workingDir"),
        (
            pod_template(
                livenessProbe={"exec": {"command": ["{{echelon.instance}}"]}},
            ),
            "containers[0].livenessProbe.exec.command[0]",
        ),
        (
            {
                "metadata": {"labels": {"shard": "{{echelon.instance}}"}},
                **pod_template(),
            },
            "metadata.labels.shard",
        ),
    ],
)
def test_elsewhere_the_instance_is_refused(template: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRunError) as error:
        run(template)
    assert field in str(error.value)
    assert "ECHELON_INSTANCE" in str(error.value)


def test_parts_of_a_wrong_shape_are_left_for_the_api_server_to_refuse() -> None:
    made = run({"metadata": {"labels": ["a"]}, "spec": {"containers": [{"name": "w", "env": 3}]}})
    assert made["spec"]["template"]["metadata"]["labels"] == ["a"]
    assert container(made)["env"] == 3


def test_the_cron_job_has_the_schedule_and_keeps_runs_for_the_operator() -> None:
    world = World.of(
        "Cron",
        updateHistoryLimit=0,
        cron={"schedule": "@daily", "timeZone": "Europe/Berlin", "startingDeadlineSeconds": 9},
    )
    made = manifest.cron_job(world.job, world.revision, world.template)
    template = made["spec"].pop("jobTemplate")
    assert made["spec"] == {
        "schedule": "@daily",
        "timeZone": "Europe/Berlin",
        "suspend": False,
        "startingDeadlineSeconds": 9,
        "concurrencyPolicy": "Forbid",
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 1,
    }
    assert template["spec"]["completionMode"] == "Indexed"
    assert template["metadata"]["annotations"] == {"echelon.dev/revision": world.revision}


def test_a_pod_for_a_dry_run_is_that_of_a_run() -> None:
    world = World.of()
    made = manifest.pod(world.job, world.revision, world.template)
    assert made["metadata"]["name"].endswith("-dry-run")
    assert made["spec"] == run()["spec"]["template"]["spec"]


def test_constraints_hold_for_the_pods_of_a_run() -> None:
    made = run(constraints=[{"key": "host", "limit": 2}])
    template = made["spec"]["template"]
    (spread,) = template["spec"]["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["maxSkew"]) == ("kubernetes.io/hostname", 2)
    assert spread["labelSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert "echelon" not in template


def test_constraints_that_cannot_be_used_make_no_run() -> None:
    """The same label twice: said by the check of the template, which comes first."""
    spread = {"topologyKey": "kubernetes.io/hostname", "maxSkew": 1}
    template = pod_template()
    template["spec"]["topologySpreadConstraints"] = [spread]
    with pytest.raises(InvalidRunError, match="constraints"):
        run(template=template, constraints=[{"key": "host", "limit": 2}])
