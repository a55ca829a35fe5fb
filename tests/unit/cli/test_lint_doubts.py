"""What lint warns of: placeholders that are not replaced, and what is probably not meant."""

from __future__ import annotations

import pytest

from controller.gates.fetch import FetchError, url_of
from tests.integration.bad_objects import JOB, UPDATE, changed
from tests.unit.cli.manifests import (
    CONTAINER,
    PROBE,
    Object,
    container,
    errors,
    found,
    job,
    warnings,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{{echelon.instence}}", "is not replaced here"),
        ("{{ echelon.shard }}", "is not replaced here"),
        ("{{echelon.revision}}", "is not replaced here"),
    ],
)
def test_a_placeholder_that_does_not_exist(value: str, text: str) -> None:
    obj = container(args=["-i", value])
    assert text in errors(obj)["spec.template.spec.containers[0].args[1]"]


def test_a_placeholder_with_blanks() -> None:
    assert not found(container(args=["{{ echelon.instance }}"]))


def test_a_placeholder_of_a_pod_address_is_for_http_gates_alone() -> None:
    http = {"name": "a", "http": {"url": "http://{{echelon.podIP}}:80"}}
    hook = {"name": "b", "webhook": {"url": "http://{{echelon.podIP}}:80"}}
    said = warnings(job({"update": {"gates": [http, hook]}}))
    assert list(said) == ["spec.update.gates[1].webhook.url"]


@pytest.mark.parametrize("url", ["prometheus:9090", "http://a:1.199", "http://", "ftp://a", "a b"])
def test_a_url_that_nobody_can_answer(url: str) -> None:
    gates = [
        {"name": "a", "prometheus": {"address": url, "query": "up", "condition": "result > 0.0"}},
        {"name": "b", "http": {"url": url}},
        {"name": "c", "webhook": {"url": url}},
    ]
    said = warnings(job({"update": {"gates": gates}}))
    fields = ("prometheus.address", "http.url", "webhook.url")
    assert list(said) == [f"spec.update.gates[{i}].{field}" for i, field in enumerate(fields)]
    with pytest.raises(FetchError):
        url_of(url)  # the operator says so, too, but only when it asks


@pytest.mark.parametrize(
    "url", ["http://{{echelon.podIP}}:8080/healthz", "https://[::1]:8443", "http://web.shop"]
)
def test_a_url_that_can_be_asked(url: str) -> None:
    gates = [{"name": "a", "http": {"url": url}}]
    assert not warnings(job({"update": {"gates": gates}}))


# What is doubtful.

OWN = {"persistentVolumeClaim": {"claimName": "data-{{echelon.instance}}"}}
ONE = {"persistentVolumeClaim": {"claimName": "data"}}
DATA = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
SURGE: Object = {"update": {"replacement": "Surge"}}


@pytest.mark.parametrize(
    ("obj", "field", "text"),
    [
        (container(readinessProbe=None), "spec.template.spec.containers", "Ready as soon as"),
        (container(image="web"), "spec.template.spec.containers[0].image", "no tag"),
        (container(image="web:latest"), "spec.template.spec.containers[0].image", "tag latest"),
        (container(image="r:5000/web"), "spec.template.spec.containers[0].image", "no tag"),
        (job({**SURGE, "minReadySeconds": 0}), "spec.minReadySeconds", "replacement Surge"),
        (job({"update": {"readyTimeoutSeconds": 0}}), "spec.update.readyTimeoutSeconds", "ever"),
        (
            job({"instances": 3, "update": {"strategy": {"type": "Batch", "size": "100%"}}}),
            "spec.update.strategy.size",
            "all 3 instances at once",
        ),
        (
            job(
                {
                    "instances": 9,
                    "update": {
                        "strategy": {"type": "VariableBatch", "sizes": [1, 4]},
                        "maxFailedInstances": 1,
                    },
                }
            ),
            "spec.update.maxFailedInstances",
            "whole first batch",
        ),
        (
            job(
                {
                    "instances": 3,
                    "update": {
                        "strategy": {
                            "type": "Batch",
                            "size": 2,
                            "pauses": [{"after": 1}, {"after": 2}],
                        }
                    },
                }
            ),
            "spec.update.strategy.pauses[1].after",
            "all 3 instances has 2 groups",
        ),
        (
            job({"instances": 2}, volumes=[{"name": "data", **ONE}]),
            "spec.template.spec.volumes[0].persistentVolumeClaim.claimName",
            "for one each use spec.volumeClaimTemplates",
        ),
        (
            job({"volumeClaimTemplates": [DATA]}),
            "spec.volumeClaimTemplates[0]",
            "no container mounts it",
        ),
        (
            job(
                {"volumeClaimTemplates": [DATA]},
                containers=[{**CONTAINER, "volumeMounts": [{"name": "data", "mountPath": "/d"}]}],
                volumes=[{"name": "data", "emptyDir": {}}],
            ),
            "spec.template.spec.volumes[0]",
            "takes the place of this volume",
        ),
        (
            job(SURGE, volumes=[{"name": "data", **OWN}]),
            "spec.template.spec.volumes[0].persistentVolumeClaim.claimName",
            "two pods",
        ),
        (job(SURGE, hostNetwork=True), "spec.update.replacement", "another node"),
        (
            container(env=[{"name": "ECHELON_INSTANCE", "value": "1"}]),
            "spec.template.spec.containers[0].env[0]",
            "leave it out",
        ),
        (
            job({"template": {"metadata": {"labels": {"echelon.dev/job": "other"}}}}),
            'spec.template.metadata.labels["echelon.dev/job"]',
            "leave it out",
        ),
        ({**UPDATE, "status": {}}, "status", "only the operator"),
    ],
)
def test_what_is_legal_but_doubtful(obj: Object, field: str, text: str) -> None:
    said = warnings(obj)
    assert text in said[field]
    assert len(said) == 1
    assert errors(obj) == {}


def test_a_probe_that_begins_after_the_time_is_over() -> None:
    late = container(readinessProbe={**PROBE, "initialDelaySeconds": 60})
    said = warnings(changed(late, {"spec": {"update": {"readyTimeoutSeconds": 30}}}))
    assert "initialDelaySeconds (60)" in said["spec.update.readyTimeoutSeconds"]


@pytest.mark.parametrize(
    "image", ["web:1", "r:5000/a/web:1", "web@sha256:00", "web:latest@sha256:0"]
)
def test_an_image_with_a_version(image: str) -> None:
    assert found(container(image=image)) == []


def test_the_same_object_twice() -> None:
    assert "already" in warnings(UPDATE, UPDATE)["metadata.name"]
    other = changed(UPDATE, {"metadata": {"namespace": "other"}})
    assert found(UPDATE, other) == []


def test_an_autoscaler_and_a_number() -> None:
    target = {
        "scaleTargetRef": {"apiVersion": JOB["apiVersion"], "kind": "EchelonJob", "name": "web"}
    }
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
              "metadata": {"name": "web"}, "spec": target}  # fmt: skip
    assert "leave it out" in warnings(scaler, job({"instances": 3}))["spec.instances"]
    assert found(scaler, job()) == []


def test_an_sla_that_updates_do_not_obey() -> None:
    spec = {"instances": 4, "sla": {"minAvailable": 3}}
    assert "set update.slaAware" in warnings(job(spec))["spec.sla"]
    assert "spec.sla" not in warnings(job({**spec, "update": {"slaAware": True}}))
    alone = warnings(job({"update": {"slaAware": True}}))
    assert "spec.update.slaAware" not in alone, "it obeys disruption budgets"


def test_a_coordinator_that_cannot_be_asked() -> None:
    for url, bad in (("http://consent/may", False), ("consent.shop.svc", True), ("ftp://a", True)):
        said = warnings(job({"sla": {"coordinator": {"url": url}}}))
        assert ("spec.sla.coordinator.url" in said) is bad, url


def test_an_sla_of_all_instances() -> None:
    spec = {"instances": 4, "sla": {"minAvailable": "100%"}, "update": {"slaAware": True}}
    assert "3 are required" in warnings(job(spec))["spec.sla.minAvailable"]
