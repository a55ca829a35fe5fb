"""The page with the account that the chart gives it, on a real API server: its roles are enough,
and it has no right that it does not use."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit
from hack.harness.manifests import job, template
from tests.chart.helm import nested, render
from tests.chart.release import Jobs, Release
from tests.chart.test_roles import Right, granted, refused, used
from tests.ui.deployed import Browser, Deployed
from tests.ui.people import NODES, STEER, VIEW, Person, person

NAME = "echelon-page"
USER = f"system:serviceaccount:echelon:{NAME}"
ON = {"page.enabled": True}
HEADERS = {**ON, "page.auth": "headers", "page.proxy.from": ["127.0.0.1/32"]}


@pytest.fixture(scope="module")
def release(fresh_cluster: Cluster) -> Release:
    release = Release(fresh_cluster, "echelon", "echelon", ON)
    release.install("--create-namespace")
    return release


@pytest.fixture(scope="module")
def apps(release: Release) -> Jobs:
    """A Job with an Update that went well."""
    apps = Jobs(release.cluster, "apps")
    Jobs(release.cluster, "hidden")
    with release.operator():
        apps.make()
        apps.roll("app:2", "RolledForward")
        ran(apps)
    return apps


def ran(apps: Jobs) -> None:
    """Create an Adhoc Job, and wait until it has run."""
    made = job("import", type="Adhoc", instances=2)
    made["spec"]["template"] = template(behaviour="exit", exit_code=0)
    path = apps.path("echelonjobs", "import")
    apps.cluster.api.create(apps.path("echelonjobs"), made)
    apps.wait(
        "the run",
        lambda: "finishedAt" in apps.cluster.api.get(path).get("status", {}).get("lastRun", {}),
    )


def program(release: Release, folder: Path) -> Deployed:
    """The program with the flags of its container and the token of its ServiceAccount."""
    args = [arg for arg in release.args_of(NAME) if not arg.startswith("--url=")]
    return Deployed(release.kubeconfig(NAME), folder, *args)


def look_at_all(browser: Browser, apps: Jobs, headers: list[tuple[str, str]]) -> None:
    (update,) = (each["metadata"]["name"] for each in apps.all("updates"))
    node = apps.cluster.api.get(apps.path("pods", "web-0"))["spec"]["nodeName"]
    for path in (
        "/",
        "/jobs/apps/web?tab=configuration",
        "/jobs/apps/import",
        f"/updates/apps/{update}",
        "/instances/apps/web/0",
        f"/nodes/{node}",
        "/log/apps/web-0/web",
    ):
        status, text = browser.get(path, headers)
        assert status == 200, path
        assert "cannot be read" not in text, path
        assert "you may not" not in text.lower(), path


def rights(values: dict[str, object]) -> set[Right]:
    rules = [
        rule
        for role in render(nested(values))
        if role["kind"] in ("ClusterRole", "Role") and role["metadata"]["name"] == NAME
        for rule in role["rules"]
    ]
    return set(granted(rules))


def test_its_pod_runs_beside_the_operators(release: Release) -> None:
    pods = release.cluster.api.get("/api/v1/namespaces/echelon/pods")["items"]
    assert sum(pod["metadata"]["name"].startswith(f"{NAME}-") for pod in pods) == 1
    assert len(pods) == 3
    assert "port-forward service/echelon-page 8080" in release.helm("get", "notes", release.name)


def test_with_tokens_its_roles_are_enough_and_not_more(
    release: Release, apps: Jobs, tmp_path: Path
) -> None:
    viewer = person(release.cluster, "viewer").may([*STEER, NODES])
    audit = Audit(release.cluster.audit_log)
    with program(release, tmp_path) as page:
        look_at_all(page.browser(viewer), apps, [])
    requests = audit.requests(user=USER)
    assert refused(requests) == []
    assert used(requests) == rights(ON)
    assert not [each for each in audit.requests(user=viewer.user) if each.resource != "pods"]


def test_behind_a_proxy_too(release: Release, apps: Jobs, tmp_path: Path) -> None:
    viewer = person(release.cluster, "viewer").may([*VIEW, NODES])
    prefix = viewer.user.removesuffix(viewer.name)
    release.upgrade(
        page__auth="headers", page__proxy__from=["127.0.0.1/32"], page__proxy__userPrefix=prefix
    )
    audit = Audit(release.cluster.audit_log)
    with program(release, tmp_path) as page:
        look_at_all(page.browser(), apps, [("X-Remote-User", viewer.name)])
    requests = audit.requests(user=USER)
    assert refused(requests) == []
    assert used(requests) == rights(HEADERS)
    assert audit.requests(user=viewer.user) == []


def test_of_some_namespaces_it_shows_and_reads_only_these(
    release: Release, apps: Jobs, tmp_path: Path
) -> None:
    viewer: Person = person(release.cluster, "viewer").may([*STEER, NODES])
    release.upgrade(page__auth="token", page__proxy__from=[], watchNamespaces=["apps"])
    hidden = Jobs(release.cluster, "hidden")
    release.cluster.api.create(hidden.path("echelonjobs"), {
        "apiVersion": "echelon.dev/v1alpha1", "kind": "EchelonJob", "metadata": {"name": "plan"},
        "spec": {"template": {"spec": {"containers": [{"name": "a", "image": "a"}]}}},
    })  # fmt: skip
    audit = Audit(release.cluster.audit_log)
    with program(release, tmp_path) as page:
        browser = page.browser(viewer)
        look_at_all(browser, apps, [])
        assert "plan" not in browser.get("/")[1]
        assert browser.get("/jobs/hidden/plan")[0] == 404
    requests = audit.requests(user=USER)
    assert refused(requests) == []
    assert {each.namespace for each in requests} == {"", "apps"}
    cluster_wide = {each.resource for each in requests if not each.namespace}
    assert cluster_wide == {"nodes", "maintenances", "tokenreviews", "subjectaccessreviews"}
