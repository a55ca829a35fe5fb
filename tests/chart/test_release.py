"""The life of a release on a real API server: no helm command loses a Job, an Update or a pod."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hack.chart import CHART
from hack.devcluster.cluster import Cluster
from tests.chart.conftest import strictly_installed
from tests.chart.helm import HelmError
from tests.chart.release import Jobs, Release

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PLURALS = ("echelonjobs", "updates")


@pytest.fixture(scope="module")
def release(fresh_cluster: Cluster) -> Release:
    return strictly_installed(fresh_cluster)


@pytest.fixture(scope="module")
def jobs(release: Release) -> Jobs:
    """A Job with a history. The operator has stopped."""
    jobs = Jobs(release.cluster, "apps")
    with release.operator():
        jobs.make()
        jobs.roll("app:2", "RolledForward")
    return jobs


def definition(release: Release, plural: str) -> dict[str, object]:
    found: dict[str, object] = release.cluster.api.get(f"{DEFINITIONS}/{plural}.echelon.dev")
    return found


def conditions(obj: dict[str, object]) -> dict[str, str]:
    status = obj["status"]
    assert isinstance(status, dict)
    return {c["type"]: c["status"] for c in status["conditions"]}


def newer_chart(folder: Path) -> Path:
    """The next version of the chart, with another column of each kind."""
    chart = folder / "echelon"
    shutil.copytree(CHART, chart)
    for file in (chart / "templates" / "crds").glob("*.yaml"):
        text = file.read_text()
        assert "additionalPrinterColumns:\n" in text
        column = "- {name: Newer, type: string, jsonPath: .metadata.uid}"
        file.write_text(
            text.replace(
                "additionalPrinterColumns:\n", f"additionalPrinterColumns:\n    {column}\n", 1
            )
        )
    return chart


def columns(release: Release, plural: str) -> set[str]:
    spec = definition(release, plural)["spec"]
    assert isinstance(spec, dict)
    return {c["name"] for c in spec["versions"][0]["additionalPrinterColumns"]}


@pytest.mark.parametrize("plural", PLURALS)
def test_an_install_establishes_the_definitions(release: Release, plural: str) -> None:
    assert conditions(definition(release, plural))["Established"] == "True"


def test_its_pods_pass_the_strictest_pod_security(release: Release) -> None:
    pods = release.cluster.api.get(f"/api/v1/namespaces/{release.namespace}/pods")["items"]
    assert len(pods) == 2
    assert all(conditions(pod)["Ready"] == "True" for pod in pods)


def test_the_notes_lead_on(release: Release) -> None:
    notes = release.helm("get", "notes", release.name)
    assert "deployment/echelon" in notes
    assert "get lease echelon" in notes
    assert "keeps the CustomResourceDefinitions" in notes


def test_an_upgrade_loses_nothing_and_upgrades_the_definitions(
    release: Release, jobs: Jobs, tmp_path: Path
) -> None:
    before = jobs.uids()
    release.chart = newer_chart(tmp_path)
    release.upgrade(logging__level="debug", replicaCount=1)
    release.chart = CHART
    assert jobs.uids() == before
    assert all("Newer" in columns(release, plural) for plural in PLURALS)
    assert "--log-level=debug" in release.args
    with release.operator():
        jobs.roll("app:3", "RolledForward")
        assert {**before, **jobs.uids()}.keys() >= before.keys()
        before = jobs.uids()
        release.upgrade(logging__level="info")
        jobs.roll("app:4-crash-loop", "RolledBack")
    assert all("Newer" not in columns(release, plural) for plural in PLURALS)
    assert jobs.images() == {"app:3"}
    assert before["pods/web-2"] == jobs.uids()["pods/web-2"], "the update did not get that far"


def test_the_strategy_can_be_changed_and_back(release: Release) -> None:
    """Helm removes only fields that it has set, and Recreate allows no `rollingUpdate`."""
    for strategy in ({"type": "Recreate"}, {"rollingUpdate": {"maxSurge": 1}}, None):
        release.upgrade(strategy={"type": "Recreate"})
        release.upgrade(strategy=strategy)


def test_an_uninstall_in_mid_update_loses_nothing_and_it_goes_on_later(
    release: Release, jobs: Jobs
) -> None:
    with release.operator():
        jobs.roll("app:5-never-ready", "RollingForward")
    before = jobs.uids()
    said = release.uninstall()
    assert "customresourcedefinition" in said.lower()
    assert jobs.uids() == before
    for plural in PLURALS:
        assert conditions(definition(release, plural))["Established"] == "True"
    release.install()
    assert jobs.uids() == before
    with release.operator():
        jobs.roll("app:6", "RolledForward")
    assert jobs.images() == {"app:6"}


def test_another_release_takes_the_definitions_only_when_told(release: Release, jobs: Jobs) -> None:
    release.uninstall()
    before = jobs.uids()
    other = Release(release.cluster, "echelon", "platform")
    with pytest.raises(HelmError, match="cannot be imported into the current release"):
        other.install("--create-namespace")
    other.install("--create-namespace", "--take-ownership")
    assert jobs.uids() == before
    other.uninstall()


def there(release: Release) -> bool:
    return "echelon.dev" in release.cluster.kubectl("get", "crd", "--output=name")


def test_definitions_that_were_kept_can_be_left_to_somebody_else(
    release: Release, jobs: Jobs
) -> None:
    before = jobs.uids()
    other = Release(release.cluster, "echelon", "platform")
    other.install("--create-namespace", "--take-ownership")
    other.upgrade(crds__install=False)
    assert jobs.uids() == before
    assert "did not install" in other.helm("get", "notes", other.name)
    other.uninstall()
    assert jobs.uids() == before


def test_without_keep_the_definitions_go(release: Release) -> None:
    last = Release(release.cluster, "echelon", "last", {"crds.keep": False})
    last.install("--create-namespace", "--take-ownership")
    last.upgrade(crds__install=False)
    assert not there(release), "as docs/helm.md says"
    last.upgrade(crds__install=True)
    assert there(release)
    last.uninstall()
    assert not there(release)
