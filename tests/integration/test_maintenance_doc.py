"""docs/maintenance.md: its manifest and its commands, on nodes of this control plane."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.cli.echelon import Echelon
from tests.integration.maintenance import Nodes

PAGE = Path(__file__).resolve().parents[2] / "docs" / "maintenance.md"


def test_the_page_can_be_followed(nodes: Nodes, tmp_path: Path) -> None:
    text = PAGE.read_text().replace("node-1", "sim-7").replace("node-2", "sim-8")
    (manifest,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "rack-7.yaml").write_text(manifest)
    commands = "".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)).splitlines()
    assert len(commands) == 8
    cluster = nodes.space.cluster
    echelon = Echelon(cluster.kubeconfig, nodes.space.name)
    for command in commands:
        program, *words = shlex.split(command.replace("rack-7.yaml", f"{tmp_path}/rack-7.yaml"))
        if program == "echelon":
            done = echelon(*words, check=0)
        else:
            assert program == "kubectl"
            answer = cluster.kubectl(*words)
        match words[:2]:
            case ["wait", _]:
                assert "condition met" in answer
                assert nodes.phases("rack-7") == {"sim-7": "Drained", "sim-8": "Drained"}
            case ["delete", _]:
                # The next commands are about the same nodes.
                nodes.until("the nodes to be given back", lambda: nodes.is_clean("sim-7", "sim-8"))
            case ["maintenance", "plan"]:
                assert "sim-7, sim-8" in done.err
            case ["maintenance", "drain"]:
                assert nodes.cordoned("sim-7")
                assert nodes.cordoned("sim-8")
            case ["maintenance", "status"]:
                assert "Drained" in done.out
    nodes.until("the nodes to be given back", lambda: nodes.is_clean("sim-7", "sim-8"))
