"""Manifests that the tests of `update start` and `update plan` write and change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from hack.harness.manifests import Object, sim
from tests.cli.echelon import Echelon


class File:
    """A manifest of a Job that the test changes."""

    def __init__(self, path: Path, content: Object) -> None:
        self.path = path
        self.content = content
        self.write()

    def write(self) -> str:
        self.path.write_text(yaml.safe_dump(self.content, sort_keys=False))
        return str(self.path)

    def image(self, image: str, **steering: Any) -> str:
        """Change the image, and how its pods behave."""
        template = self.content["spec"]["template"]
        template["spec"]["containers"][0]["image"] = image
        template["metadata"] = {"annotations": sim(**steering)}
        return self.write()

    def line(self, text: str) -> str:
        """``file:line`` of the first line with this text."""
        lines = self.path.read_text().splitlines()
        return f"{self.path}:{next(i for i, line in enumerate(lines, 1) if text in line)}"


def created(echelon: Echelon, found: File) -> None:
    """The Job of the file, with its instances."""
    echelon("update", "start", found.write(), "--yes", "--wait", check=0)
