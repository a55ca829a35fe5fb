"""docs/maintenance.md: its manifest and its commands, on nodes of this control plane."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.operator import Operator
from hack.harness.space import Space
from tests.integration.maintenance import LEASE, USER, Nodes, maintained, permit

PAGE = Path(__file__).resolve().parents[2] / "docs" / "maintenance.md"


@pytest.fixture
def nodes(space: Space, cluster: Cluster) -> Iterator[Nodes]:
    permit(cluster)
    config = cluster.client_kubeconfig(USER)
    other = Operator(cluster, LEASE, identity="page", args=["--maintenance"], kubeconfig=config)
    other.start()
    with maintained(space, other) as found:
        yield found
    other.stop()
    other.close()


def test_the_page_can_be_followed(nodes: Nodes, tmp_path: Path) -> None:
    text = PAGE.read_text().replace("node-1", "sim-7").replace("node-2", "sim-8")
    (manifest,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "rack-7.yaml").write_text(manifest)
    commands = "".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)).splitlines()
    assert len(commands) == 4
    for command in commands:
        program, *words = shlex.split(command.replace("rack-7.yaml", f"{tmp_path}/rack-7.yaml"))
        assert program == "kubectl"
        answer = nodes.space.cluster.kubectl(*words)
        if words[0] == "wait":
            assert "condition met" in answer
            assert nodes.phases("rack-7") == {"sim-7": "Drained", "sim-8": "Drained"}
    nodes.until("the nodes to be given back", lambda: nodes.is_clean("sim-7", "sim-8"))
