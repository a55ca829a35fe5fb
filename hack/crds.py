"""``python -m hack.crds`` writes crds/*.yaml from the models; ``--check`` only compares them.

``--check`` exits with 0 if all files are up to date, with 1 if one is stale or missing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from controller.api.crds import all_crds
from hack.generated import ROOT, written

FOLDER = ROOT / "crds"
_HEADER = "# Generated from controller/api by `make crds`. Do not edit.\n"


class _Dumper(yaml.SafeDumper):
    """Writes block style without anchors: shared parts are repeated."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def rendered() -> dict[Path, str]:
    """The generated text of each file."""
    files = {}
    for crd in all_crds():
        text = yaml.dump(crd, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)
        files[FOLDER / f"{crd['spec']['names']['plural']}.yaml"] = _HEADER + text
    return files


def main() -> int:
    """Write the files. With ``--check`` only print the stale ones."""
    return written(rendered, "Generate crds/*.yaml from the models.", "make crds")


if __name__ == "__main__":
    sys.exit(main())
