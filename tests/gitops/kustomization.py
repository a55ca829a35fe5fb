"""Kustomizations that a test writes, and what kustomize makes of them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from hack.devcluster.build import binary
from hack.integrations import FILES

Object = dict[str, Any]


class Folder:
    """A kustomization of one's own, with a Job."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copytree(FILES / "kustomize", path / "echelon")

    def build(
        self, objects: list[Object], *, component: bool = True, **fields: Any
    ) -> list[Object]:
        """What kustomize makes of the objects; ``fields``: of the kustomization."""
        (self.path / "objects.yaml").write_text(yaml.safe_dump_all(objects))
        wish: Object = {"resources": ["objects.yaml"], **fields}
        if component:
            wish["components"] = ["echelon"]
        (self.path / "kustomization.yaml").write_text(json.dumps(wish))
        return built(self.path)


def built(folder: Path) -> list[Object]:
    done = subprocess.run(
        [str(binary("kubectl")), "kustomize", str(folder)], capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
    assert not done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]
