"""The cluster: its features, faults, several clusters at once, and the cleanup."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster, ClusterError

ROOT = Path(__file__).resolve().parents[2]


def mentioning(text: str) -> list[int]:
    """Processes with the text in their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if text in (entry / "cmdline").read_text():
                    found.append(int(entry.name))
    return found


def wait_for_end(cluster: Cluster, folder: Path) -> None:
    cluster.wait("the end of all components", lambda: not mentioning(str(folder)))
    cluster.wait("the removal of the folder", lambda: not folder.exists())


def test_kubectl(cluster: Cluster) -> None:
    assert cluster.kubectl("get", "nodes", "-o", "name").split() == [
        "node/sim-0",
        "node/sim-1",
        "node/sim-2",
    ]
    assert "Server Version: v1.36" in cluster.kubectl("version")
    with pytest.raises(ClusterError, match="NotFound"):
        cluster.kubectl("get", "pod", "nobody")
    assert "NotFound" in cluster.kubectl("get", "pod", "nobody", check=False)
    assert cluster.kubectl("apply", "-f", "-", input=CONFIG_MAP).startswith("configmap/it created")


CONFIG_MAP = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it"}}'


def test_other_users_may_only_what_is_bound(cluster: Cluster) -> None:
    config = cluster.client_kubeconfig("jane", ["readers"])

    def list_pods() -> subprocess.CompletedProcess[str]:
        flags = [f"--kubeconfig={config}", f"--cache-dir={cluster.dir}"]
        command = [str(cluster.binary("kubectl")), *flags, "get", "pods"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert 'User "jane" cannot list' in list_pods().stderr
    cluster.kubectl("create", "clusterrolebinding", "r", "--clusterrole=view", "--group=readers")
    cluster.wait("the binding", lambda: list_pods().returncode == 0)


def test_faults_of_the_api_server() -> None:
    with Cluster(nodes=1, controllers=False, scheduler=False) as cluster:
        cluster.api.create("/api/v1/namespaces", {"metadata": {"name": "kept"}})
        url = cluster.url
        cluster.kill("kube-apiserver")
        with pytest.raises(OSError, match="no answer"):
            cluster.api.get("/readyz")
        cluster.begin("kube-apiserver")
        assert cluster.url == url
        assert cluster.api.get("/api/v1/namespaces/kept")
        cluster.freeze("kube-apiserver")
        cluster.thaw("kube-apiserver")
        assert cluster.api.get("/readyz") == "ok"
        with pytest.raises(ApiError, match="404"):
            cluster.api.get("/api/v1/namespaces/nobody")
        # A wait fails when a component dies.
        pid = cluster.pid("etcd")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ClusterError, match="etcd has died"):
            cluster.wait("nothing", lambda: False)


def test_two_at_once_and_nothing_left(cluster: Cluster) -> None:
    with Cluster(nodes=2) as other:
        assert other.url != cluster.url
        assert len(other.api.get("/api/v1/nodes")["items"]) == 2
        assert len(cluster.api.get("/api/v1/nodes")["items"]) == 3
        folder = other.dir
        assert len(mentioning(str(folder))) >= 5
    assert not mentioning(str(folder))
    assert not folder.exists()
    assert cluster.api.get("/readyz") == "ok"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_make_cluster_leaves_nothing(cluster: Cluster, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "hack.devcluster", "--nodes=1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        exports = [line.split("=")[1].strip() for line in said if "export KUBECONFIG=" in line]
        folder = Path(exports[0]).parent
        assert folder.exists()
        process.send_signal(number)
        process.wait(20)
    wait_for_end(cluster, folder)
