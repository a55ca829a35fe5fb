"""docs/jobs.md: its manifests and its commands, in their order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import yaml

from hack.harness.manifests import sim
from hack.harness.space import Space
from tests.cli.echelon import Echelon

PAGE = Path(__file__).resolve().parents[2] / "docs" / "jobs.md"


def test_the_page_can_be_followed(space: Space, tmp_path: Path) -> None:
    text = PAGE.read_text()
    for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL):
        manifest = yaml.safe_load(block)
        # No container runs here: the simulated nodes end these pods.
        manifest["spec"]["template"]["metadata"] = {
            "annotations": sim(behaviour="exit", exit_code=0)
        }
        (tmp_path / f"{manifest['metadata']['name']}.yaml").write_text(yaml.safe_dump(manifest))
    commands = "".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)).splitlines()
    assert len(commands) == 16
    echelon = Echelon(space.cluster.kubeconfig, space.name)
    said = []
    for command in commands:
        program, *words = shlex.split(re.sub(r"(\w+\.yaml)", rf"{tmp_path}/\1", command))
        if program == "echelon":
            said.append(echelon(*words, check=0).out)
        else:
            assert program == "kubectl"
            said.append(space.kubectl(*words))
    assert '"reason":"Succeeded"' in said[2]
    assert "job.batch/import-r1" in said[3]
    assert "pod/import-r1-2-" in said[3]
    assert "condition met" in said[5]
    shown, upcoming = said[8], said[9].splitlines()
    assert "30 2 * * *" in shown
    assert "KillExisting" in shown
    assert len(upcoming) == 3
    assert all(" 02:30:00+0" in line for line in upcoming)
    assert said[10].startswith("job.batch/report-m")
    assert "suspended" in said[12]
    assert "resumed" in said[13]
    assert "3/3 succeeded" in said[14]
    assert "2/2 succeeded" in said[14]
    assert "next run" in said[15]
    assert space.api.get(space.path("cronjobs", "report"))["spec"]["suspend"] is False
