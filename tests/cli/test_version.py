"""`echelon version` and `echelon completion` on the real API server; and what is installed, from
the start of its interpreter to its end: how it answers, errs, completes and is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.manifests import Object, job
from hack.harness.patience import patient
from hack.harness.space import Space
from tests.cli.echelon import Echelon
from tests.cli.test_update_wait import held

BIN = Path(sys.executable).parent
VERSION = "0.1.0"


def deployment(version: str) -> Object:
    """The operator's Deployment as the chart labels it."""
    labels = {"app.kubernetes.io/name": "echelon", "app.kubernetes.io/part-of": "echelon"}
    labels["app.kubernetes.io/version"] = version
    pod = {"containers": [{"name": "controller", "image": f"echelon:{version}"}]}
    return {
        "metadata": {"name": "echelon", "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def test_version(space: Space, echelon: Echelon) -> None:
    assert echelon("version", "--client", check=0).lines == [
        f"Client: {VERSION} (echelon.dev/v1alpha1)"
    ]
    shown = echelon("version", check=0)
    assert "Kinds: echelon.dev v1alpha1, stored as v1alpha1" in shown.lines
    assert shown.lines[1].startswith("Kubernetes: v1.")
    path = f"/apis/apps/v1/namespaces/{space.name}/deployments"
    space.api.create(path, deployment("0.0.1"))
    try:
        shown = echelon("version", check=0)
        assert any(
            line.startswith(f"Operator: 0.0.1 ({space.name}/echelon, ") for line in shown.lines
        )
        assert f"the operator has version 0.0.1, this program {VERSION}" in shown.err
        found = json.loads(echelon("version", "-o", "json", check=0).out)
        assert found["client"] == {"version": VERSION, "api": "echelon.dev/v1alpha1"}
        assert found["server"]["api"] == ["v1alpha1"]
        assert found["server"]["stored"] == ["v1alpha1"]
        named = [each["version"] for each in found["server"]["operators"]]
        assert "0.0.1" in named
    finally:
        space.api.delete(f"{path}/echelon")


@pytest.mark.parametrize("program", ["echelon", "kubectl-echelon"])
def test_the_installed_programs(cluster: Cluster, program: str) -> None:
    path = BIN / program
    if not path.exists():
        pytest.skip(f"{program} is not installed")
    environ = os.environ | {"KUBECONFIG": str(cluster.kubeconfig)}
    done = subprocess.run(
        [path, "version"], env=environ, capture_output=True, text=True, timeout=patient(60)
    )
    assert done.returncode == 0, done.stderr
    assert "Kinds: echelon.dev v1alpha1" in done.stdout
    wrong = subprocess.run(
        [path, "update", "wait"], env=environ, capture_output=True, text=True, timeout=patient(60)
    )
    assert wrong.returncode == 2
    assert "Missing argument" in wrong.stderr


def test_ctrl_c_ends_a_program(space: Space) -> None:
    name = held(space)
    with subprocess.Popen(
        [sys.executable, "-m", "controller.cli", "update", "wait", name, "-n", space.name],
        env=os.environ | {"KUBECONFIG": str(space.cluster.kubeconfig)},
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:
        assert waiting.stderr is not None
        assert name in waiting.stderr.readline()
        waiting.send_signal(signal.SIGINT)
        err = waiting.stderr.read()
        assert waiting.wait(patient(60)) == 130, err
    assert "comes back to it" in err
    assert "Traceback" not in err


def test_kubectl_runs_the_plugin(cluster: Cluster) -> None:
    environ = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    environ |= {"KUBECONFIG": str(cluster.kubeconfig)}
    command = [str(Cluster.binary("kubectl")), "echelon", "job", "-h"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=patient(60))
    assert done.returncode == 0, done.stderr
    assert "Usage: kubectl echelon job" in done.stdout


def test_bash_completes_names(space: Space, echelon: Echelon, tmp_path: Path) -> None:
    space.made(job("web", instances=1))
    space.made(job("wide", instances=1))
    script = tmp_path / "completion"
    script.write_text(echelon("completion", "bash", check=0).out)
    words = ["echelon", "job", "status", "-n", space.name, "w"]
    lines = [
        f". {script}",
        f"COMP_WORDS=({' '.join(words)})",
        f"COMP_CWORD={len(words) - 1}",
        "_echelon_completion echelon",
        'printf "%s\\n" "${COMPREPLY[@]}"',
    ]
    environ = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    environ |= {"KUBECONFIG": str(space.cluster.kubeconfig)}
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=patient(60),
    )
    assert done.stdout.split() == ["web", "wide"], done.stderr


def test_kubectl_completes_updates(space: Space) -> None:
    space.made(job("web", instances=1))
    space.roll("web:2", "RolledForward")
    environ = os.environ | {"KUBECONFIG": str(space.cluster.kubeconfig)}
    command = [sys.executable, "-c", "from controller.cli.completion import *; kubectl_plugin()"]
    words = ["update", "get", "-n", space.name, ""]
    done = subprocess.run(
        [*command, *words], env=environ, capture_output=True, text=True, timeout=patient(60)
    )
    assert done.stdout.splitlines() == ["web-g2", ":4"], done.stderr
