"""docs/kustomize.md: its kustomizations give what the document says."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import yaml

from hack.devcluster.build import binary
from hack.integrations import FILES, ROOT

DOCUMENT = (ROOT / "docs" / "kustomize.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_blocks_do_what_the_document_says(tmp_path: Path) -> None:
    shutil.copytree(FILES / "kustomize", tmp_path / "echelon")
    for kind, text in _BLOCK.findall(DOCUMENT):
        if kind == "yaml":
            path = tmp_path / text.partition("\n")[0].removeprefix("# ")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    example = ROOT / "examples" / "webserver.yaml"
    shutil.copy(example, tmp_path / "base" / "job.yaml")
    ((_, command),) = (found for found in _BLOCK.findall(DOCUMENT) if found[0] == "sh")
    program, *args = shlex.split(command)
    done = subprocess.run(
        [str(binary(program)), *args], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    before, after = yaml.safe_load(example.read_text()), yaml.safe_load(done.stdout)
    spec, template = before["spec"], before["spec"]["template"]
    (container,) = template["spec"]["containers"]
    container["image"] = "webserver:1.1"
    container["resources"]["limits"]["memory"] = "256Mi"
    # What a patch names comes first.
    name, level = container["env"]
    container["env"] = [{**level, "value": "debug"}, name]
    spec["instances"] = 5
    for metadata in (before["metadata"], template["metadata"]):
        metadata["labels"] = {**metadata.get("labels", {}), "team": "shop"}
    assert after == before
