"""The real kube-state-metrics, with the shipped configuration and no more than the shipped role,
tells of Jobs and Updates what their statuses say.

It gets its role by the commands of docs/kube-state-metrics.md.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from controller.api.update import Phase
from hack.devcluster.build import binary
from hack.devcluster.cluster import Cluster
from hack.devcluster.ports import free
from hack.harness.manifests import is_true, job, update
from hack.harness.operator import USER, Operator
from hack.harness.patience import patient
from hack.harness.plane import install
from hack.harness.role import grant
from hack.harness.sightings import Sightings
from hack.harness.space import Space
from hack.integrations import FILES, ROOT

FOLDER = FILES / "kube-state-metrics"
DOCUMENT = ROOT / "docs" / "kube-state-metrics.md"
#: The ServiceAccount of the document, to the API server.
READER = "system:serviceaccount:monitoring:kube-state-metrics"
QUICK = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}
PATIENCE = 60.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(nodes=5, users=[USER, READER]) as running:
        install(running)
        grant(running, USER)
        (block,) = re.findall(r"^```sh\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
        for command in block.splitlines():
            words = shlex.split(command)[1:]
            running.kubectl(*(str(ROOT / w) if w.startswith("integrations/") else w for w in words))
        yield running


@pytest.fixture(scope="module")
def space(cluster: Cluster) -> Iterator[Space]:
    """A namespace with Jobs that are ready, paused and rolled back."""
    sightings = Sightings(cluster)
    sightings.start()
    operator = Operator(cluster, "statemetrics")
    operator.start()
    made = Space(cluster, sightings, "metrics")
    made.begin()
    made.made(job(instances=3), timeout=PATIENCE)
    made.made(job("bad", 2, update=QUICK), timeout=PATIENCE)
    made.set_image("web:2-never-ready", "bad")
    made.wait_update("RolledBack", job="bad", timeout=PATIENCE)
    made.wait_job("Stalled", lambda it: is_true(it, "Stalled"), "bad", PATIENCE)
    made.create(update("held", restart=True, paused=True))
    made.wait_update("RollForwardPaused", name="held", timeout=PATIENCE)
    yield made
    operator.close()
    sightings.stop()


class Metrics:
    """The samples of kube-state-metrics."""

    def __init__(self, url: str) -> None:
        self._url = url

    def read(self) -> list[Any]:
        with urllib.request.urlopen(f"{self._url}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        return [s for family in text_string_to_metric_families(text) for s in family.samples]

    def of(self, name: str, **labels: str) -> dict[str, float]:
        """The values of a metric, by what its labels have besides ``labels``."""
        own = ("namespace", "customresource_group", "customresource_kind")
        hidden = {*labels, *own, "customresource_version"}
        return {
            " ".join(f"{k}={v}" for k, v in sample.labels.items() if k not in hidden): sample.value
            for sample in self.read()
            if sample.name == name and labels.items() <= sample.labels.items()
        }


@pytest.fixture(scope="module")
def metrics(space: Space, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metrics]:
    port, telemetry = free(2)
    log = tmp_path_factory.mktemp("statemetrics") / "log"
    command = [
        str(binary("kube-state-metrics")),
        f"--kubeconfig={space.cluster.client_kubeconfig(READER)}",
        "--custom-resource-state-only",
        f"--custom-resource-state-config-file={FOLDER / 'custom-resource-state.yaml'}",
        *("--host=127.0.0.1", f"--port={port}"),
        *("--telemetry-host=127.0.0.1", f"--telemetry-port={telemetry}"),
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    found = Metrics(f"http://127.0.0.1:{port}")

    def complete() -> bool:
        with suppress(OSError):
            held = {"namespace": space.name, "update": "held", "phase": "RollForwardPaused"}
            return found.of("kube_echelonupdate_status_phase", **held) == {"echelonjob=web": 1}
        return False

    try:
        space.cluster.wait("kube-state-metrics", complete, patient(PATIENCE))
        yield found
        said = log.read_text()
        assert "forbidden" not in said, said
        assert not [line for line in said.splitlines() if line.startswith("E")], said
    finally:
        process.terminate()
        process.wait()


def test_each_metric_of_the_configuration_is_there(metrics: Metrics) -> None:
    config = yaml.safe_load((FOLDER / "custom-resource-state.yaml").read_text())
    wanted = {
        f"{resource['metricNamePrefix']}_{each['name']}"
        for resource in config["spec"]["resources"]
        for each in resource["metrics"]
    }
    assert {sample.name for sample in metrics.read()} == wanted


def test_the_counts_of_jobs(space: Space, metrics: Metrics) -> None:
    for name in ("web", "bad"):
        found = space.job(name)
        spec, status = found["spec"], found["status"]
        expected = {
            "spec_instances": spec["instances"],
            "status_instances": status["instances"],
            "status_instances_in_force": status["instancesInForce"],
            "status_instances_ready": status["readyInstances"],
            "status_instances_available": status["availableInstances"],
            "status_instances_updated": status.get("updatedInstances", 0),
            "metadata_generation": found["metadata"]["generation"],
            "status_observed_generation": status["observedGeneration"],
        }
        for metric, value in expected.items():
            assert metrics.of(f"kube_echelonjob_{metric}", echelonjob=name) == {"": value}, metric
        (created,) = metrics.of("kube_echelonjob_created", echelonjob=name).values()
        assert created > 1e9


def test_revisions_and_outcomes_of_jobs(space: Space, metrics: Metrics) -> None:
    status = space.job("bad")["status"]
    found = metrics.of(
        "kube_echelonjob_info",
        echelonjob="bad",
        mode="Automatic",
        current_revision=status["currentRevision"],
        update_revision=status["updateRevision"],
    )
    assert list(found.values()) == [1]
    outcomes = metrics.of("kube_echelonjob_status_last_outcome", echelonjob="bad")
    assert {k for k, value in outcomes.items() if value} == {"outcome=RolledBack"}
    assert metrics.of("kube_echelonjob_info", echelonjob="web", active_update="held")


@pytest.mark.parametrize("kind", ["EchelonJob", "Update"])
def test_the_conditions(space: Space, metrics: Metrics, kind: str) -> None:
    objects = space.sightings.all(space.name, kind)
    assert len(objects) == 2
    for obj in objects:
        if kind == "Update":
            name, labels = "kube_echelonupdate", {"update": obj["metadata"]["name"]}
        else:
            name, labels = "kube_echelonjob", {"echelonjob": obj["metadata"]["name"]}
        for condition in obj["status"]["conditions"]:
            about = {**labels, "condition": condition["type"], "status": condition["status"]}
            assert set(metrics.of(f"{name}_status_condition", **about).values()) == {1}
            about["status"] = "False" if condition["status"] == "True" else "True"
            assert set(metrics.of(f"{name}_status_condition", **about).values()) == {0}


def test_the_phase_of_an_update(metrics: Metrics) -> None:
    for name, now in (("bad-g2", Phase.ROLLED_BACK), ("held", Phase.ROLL_FORWARD_PAUSED)):
        found = metrics.of("kube_echelonupdate_status_phase", update=name)
        assert len(found) == len(Phase), "each phase has a sample"
        assert [labels for labels, value in found.items() if value] == [
            labels for labels in found if f"phase={now}" in labels.split()
        ]


def test_the_counts_of_updates(space: Space, metrics: Metrics) -> None:
    for name in ("bad-g2", "held"):
        found = space.update(name)["status"]["counts"]
        for metric, count in (
            ("", "total"),
            ("_updated", "updated"),
            ("_updating", "updating"),
            ("_failed", "failed"),
            ("_rolled_back", "rolledBack"),
        ):
            told = metrics.of(f"kube_echelonupdate_status_instances{metric}", update=name)
            assert list(told.values()) == [found.get(count, 0)], metric
    assert list(metrics.of("kube_echelonupdate_status_finished", update="bad-g2").values())
    assert not metrics.of("kube_echelonupdate_status_finished", update="held")


def test_the_document_lists_the_metrics(metrics: Metrics) -> None:
    text = DOCUMENT.read_text()
    for name in {sample.name for sample in metrics.read()}:
        kind, _, rest = name.removeprefix("kube_").partition("_")
        short = name.rpartition("_status_instances")[2]
        told = (f"`{name}`", f"`…_{rest}`", f"`…{short}`")
        assert f"kube_{kind}" in text
        assert any(each in text for each in told), name
