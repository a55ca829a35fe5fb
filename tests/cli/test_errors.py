"""What `echelon` says when the cluster, the operator or a right is missing: what to do next.

`tests/unit/cli/test_main.py` tries every verb with an API server that is not real.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from hack.devcluster.cluster import Cluster
from hack.devcluster.ports import free
from hack.harness.manifests import job, update
from hack.harness.operator import Operator
from hack.harness.patience import patient
from hack.harness.proxy import Asked, Proxy
from hack.harness.space import Space
from tests.cli.echelon import Echelon, Result

READS = (("job", "list"), ("update", "get", "web-1"))
WRITES = (("job", "scale", "web", "5"), ("update", "pause", "web-1"))


def hinted(found: Result, *words: str) -> str:
    """The error of a command, which has a hint with these words and no traceback."""
    error, hint = found.err.partition("\nhint:  ")[::2]
    assert error.startswith("error: "), found
    assert all(word in hint for word in words), found
    assert "Traceback" not in found.err
    return error


def kubeconfig(folder: Path, url: str, **user: str) -> Path:
    config = {
        "clusters": [{"name": "c", "cluster": {"server": url, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "here",
    }
    path = folder / "config"
    path.write_text(json.dumps(config))
    return path


def test_no_kubeconfig(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    done = Echelon(missing, "default")("job", "list", check=1)
    assert f"{missing} does not exist" in hinted(done, "--kubeconfig", "KUBECONFIG")


def test_a_file_that_is_no_kubeconfig(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("contexts: 3\n")
    assert str(path) in hinted(Echelon(path, "default")("job", "list", check=1), "--kubeconfig")


def test_an_unknown_context(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "https://127.0.0.1:1")
    done = Echelon(path, "default")("job", "list", "--context", "nowhere", check=1)
    assert "nowhere" in hinted(done, "kubectl config get-contexts")


def test_an_api_server_that_is_down(tmp_path: Path) -> None:
    (port,) = free(1)
    echelon = Echelon(kubeconfig(tmp_path, f"https://127.0.0.1:{port}"), "default")
    begun = time.monotonic()
    for words in (*READS, *WRITES):
        error = hinted(echelon(*words, check=1), "kubectl version", "current-context")
        assert f"127.0.0.1:{port}" in error
    assert time.monotonic() - begun < patient(60)


def test_credentials_that_are_not_accepted(space: Space, tmp_path: Path) -> None:
    echelon = Echelon(kubeconfig(tmp_path, space.cluster.url, token="expired"), space.name)
    for words in (*READS, *WRITES):
        assert "credentials" in hinted(echelon(*words, check=1), "kubectl auth whoami")


def test_a_user_without_rights(space: Space) -> None:
    stranger = Echelon(space.cluster.client_kubeconfig("stranger"), space.name)
    error = hinted(
        stranger("job", "list", check=1), "kubectl auth can-i list echelonjobs.echelon.dev"
    )
    assert "stranger" in error
    assert space.name in error
    hinted(stranger("job", "list", "-A", check=1), "kubectl auth can-i list")
    hinted(stranger("update", "get", "web-1", check=1), "updates.echelon.dev")
    # Everybody may ask for versions.
    assert "you may not list Deployments" in stranger("version", check=0).out


def test_a_user_who_may_only_read(space: Space) -> None:
    space.made(job())
    user, role = "spectator", f"spectator-{space.name}"
    reader = Echelon(space.cluster.client_kubeconfig(user), space.name)
    kinds = "--resource=echelonjobs.echelon.dev,updates.echelon.dev,pods,controllerrevisions.apps"
    space.kubectl("create", "role", role, "--verb=get,list,watch", kinds)
    space.kubectl("create", "rolebinding", role, f"--role={role}", f"--user={user}")
    space.until("the role", lambda: reader("job", "list").code == 0)
    done = reader("job", "scale", "web", "5", check=6)
    assert "spectator" in hinted(done, "kubectl auth can-i patch echelonjobs.echelon.dev")
    assert space.job()["spec"]["instances"] == 3
    fewer = yaml.safe_dump(job(instances=1))
    found = reader("job", "diff", "web", "-f", "-", stdin=fewer, check=1)
    assert found.lines[0].startswith("removed instances 1-2  web-")
    assert "applying stdin is not allowed" in found.err


class _WithoutKinds(Proxy):
    """Asks the API server for another group than ours: it answers as if it did not know ours."""

    async def _pass_on(
        self, request: web.Request, asked: Asked, url: str, headers: dict[str, str], body: bytes
    ) -> web.StreamResponse:
        absent = url.replace("/apis/echelon.dev", "/apis/absent.example")
        return await super()._pass_on(request, asked, absent, headers, body)


@pytest.fixture
def without_kinds(cluster: Cluster) -> Iterator[Path]:
    """A kubeconfig of an administrator for a cluster without Echelon."""
    user = "guest-admin"
    cluster.kubectl("create", "clusterrolebinding", user, "--clusterrole=cluster-admin",
                    f"--user={user}")  # fmt: skip
    with _WithoutKinds(cluster, user) as proxy:
        yield proxy.kubeconfig
    cluster.kubectl("delete", "clusterrolebinding", user)


def test_a_cluster_without_echelon(space: Space, without_kinds: Path) -> None:
    guest = Echelon(without_kinds, space.name)
    space.until("the binding", lambda: "not allowed" not in guest("job", "list").err)
    for words in (*READS, *WRITES):
        error = hinted(guest(*words, check=1), "helm install", "kubectl apply -f crds/")
        assert "Echelon is not installed" in error
    shown = guest("version", check=0)
    assert "Kinds: not installed" in shown.lines
    assert "helm install" in shown.err


def test_an_api_server_in_trouble(space: Space) -> None:
    space.made(job())
    user = "guest"
    with Proxy(space.cluster, user) as proxy:
        proxy.fault = lambda _: 503
        done = Echelon(proxy.kubeconfig, space.name)("job", "list", check=1)
    assert "injected fault" in done.err
    assert "Traceback" not in done.err


def test_no_operator(space: Space, echelon: Echelon, operator: Operator) -> None:
    space.made(job())
    operator.stop()
    space.create(update("web-1"))
    done = echelon("update", "wait", "web-1", "--timeout", "2", check=7)
    assert "operator" in done.err
    # It is not taken for a wait of the Update's own until an operator had time to look at it.
    time.sleep(10)
    shown = echelon("update", "get", "web-1", check=0)
    assert "kubectl get pods -A -l app.kubernetes.io/name=echelon" in shown.out + shown.err


def test_objects_that_do_not_exist(space: Space, echelon: Echelon) -> None:
    assert space
    for words, listing in (
        (("job", "status", "nobody"), "echelon job list"),
        (("job", "scale", "nobody", "3"), "echelon job list"),
        (("update", "wait", "nobody"), "echelon update list"),
    ):
        done = echelon(*words, check=1)
        assert "nobody" in hinted(done, listing)


def test_wrong_usage(space: Space, echelon: Echelon) -> None:
    assert space
    for words in (
        ("jobs",),
        ("job", "list", "--nope"),
        ("job", "get"),
        ("job", "get", "web/3-x"),
        ("update", "wait", "web-1", "--for", "nothing"),
    ):
        done = echelon(*words, check=2)
        assert "Traceback" not in done.err
        assert done.out == ""
