"""The commands of docs/configuration.md on a real kubelet: a changed annotation reaches the process
through a downwardAPI volume, a gate asks for it, and a bad one is taken back without a restart."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from hack.e2e import images, webserver
from hack.e2e.node import RealNode
from hack.e2e.operator_base import ROOT
from tests.e2e.place import Object, Place
from tests.examples.story import commands, matches

IMAGE = "busybox:1.37"


@pytest.fixture
def busybox(node: RealNode, tmp_path: Path) -> None:
    """The node has the image of the page."""
    shell = webserver.version(webserver.layer(tmp_path), IMAGE, "1")
    node.load(images.archive(tmp_path / "busybox.tar", [shell]))


def test_the_page_does_what_it_says(place: Place, busybox: None, tmp_path: Path) -> None:
    assert busybox is None
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(place.cluster.kubeconfig.read_text())
    tools = place.cluster.binary("kubectl").parent
    where = {"KUBECONFIG": str(kubeconfig), "PATH": f"{tools}:{os.environ['PATH']}"}

    def run(text: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=ROOT,
            env={**os.environ, **where},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"$ {text}\n{done.stdout}{done.stderr}"
        return done.stdout

    run(f"kubectl config set-context --current --namespace={place.name}")
    for command in commands((ROOT / "docs/configuration.md").read_text()):
        said = run(command.text)
        if command.output is not None:
            assert matches(command.output, said), f"$ {command.text}\n{said}"
    for name in ("web-g2", "web-g3"):
        update: Object = place.api.get(place.path("updates", name))
        place.notes.append(f"{name}, from its creation: {_moments(update)}")
    pods = place.pods().values()
    assert {c["restartCount"] for pod in pods for c in pod["status"]["containerStatuses"]} == {0}


def _moments(update: Object) -> str:
    """Each phase with the seconds until it began."""
    begun = datetime.fromisoformat(update["metadata"]["creationTimestamp"])
    history = reversed(update["status"]["history"])
    times = [(each["phase"], datetime.fromisoformat(each["time"]) - begun) for each in history]
    return ", ".join(f"{phase} {after.total_seconds():.0f} s" for phase, after in times)
