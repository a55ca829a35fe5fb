"""Echelon's placeholders in a user's chart work as docs/helm.md says, with the real helm."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from hack.chart import ROOT
from hack.devcluster.cluster import Cluster
from tests.chart.helm import HelmError, Object, helm, one, render
from tests.chart.release import Jobs, Release

CHART = Path(__file__).parent / "users-chart"
DOCS = (ROOT / "docs" / "helm.md").read_text()


def environment(template: Object) -> dict[str, str]:
    (container,) = template["spec"]["containers"]
    return {entry["name"]: entry["value"] for entry in container["env"]}


def test_placeholders_leave_helm_as_they_are() -> None:
    job = one(render(chart=CHART, release="shop"), "EchelonJob")
    assert environment(job["spec"]["template"]) == {
        "SHARD": "{{echelon.instance}}",
        "SHARD_NAME": "{{echelon.job}}-{{echelon.instance}}",
        "GREETING": "instance {{echelon.instance}} of {{echelon.instances}}",
    }


def test_each_pod_gets_its_own(cluster: Cluster, installed: Release) -> None:
    shop = Jobs(cluster, "shop")
    flags = ("shop", str(CHART), "--namespace", "shop", "--wait", "--timeout", "60s")
    with installed.operator():
        helm("install", *flags, kubeconfig=cluster.kubeconfig)
        assert len(shop.all("pods")) == 3
        helm("upgrade", *flags, "--set", "image=shop:2", kubeconfig=cluster.kubeconfig)
        assert shop.images() == {"shop:2"}, "helm waits until the update has ended"
    for pod in shop.all("pods"):
        number = pod["metadata"]["name"].removeprefix("shop-")
        got = {k: v for k, v in environment(pod).items() if k in ("SHARD", "SHARD_NAME")}
        assert got == {"SHARD": number, "SHARD_NAME": f"shop-{number}"}


def test_unescaped_helm_says_what_the_documentation_quotes(tmp_path: Path) -> None:
    shutil.copytree(CHART, tmp_path / "shop")
    job = tmp_path / "shop" / "templates" / "job.yaml"
    job.write_text(job.read_text().replace('{{ "{{echelon.instance}}" }}', "{{echelon.instance}}"))
    with pytest.raises(HelmError) as refused:
        helm("template", "shop", str(tmp_path / "shop"))
    (quoted,) = re.findall(r"`(function .*?)`", DOCS)
    assert quoted in str(refused.value)


@pytest.mark.parametrize("way", ['{{ "{{echelon.instance}}" }}', "{{`{{echelon.job}}-"])
def test_the_documentation_shows_what_is_tested(way: str) -> None:
    assert way in DOCS
    assert way in (CHART / "templates" / "job.yaml").read_text()
