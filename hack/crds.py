"""``python -m hack.crds`` writes crds/*.yaml from the models; ``--check`` only compares them.

``--check`` exits with 0 if all files are up to date, with 1 if one is stale or missing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from controller.api.crds import all_crds

FOLDER = Path(__file__).resolve().parent.parent / "crds"
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


def stale() -> list[Path]:
    """The files that are not up to date."""
    return [
        path for path, text in rendered().items() if not path.exists() or path.read_text() != text
    ]


def main() -> int:
    """Write the files. With ``--check`` only print the stale ones."""
    parser = argparse.ArgumentParser(description="Generate crds/*.yaml from the models.")
    parser.add_argument("--check", action="store_true", help="only report stale files")
    if parser.parse_args().check:
        for path in (old := stale()):
            print(f"{path.name} is stale; run `make crds`", file=sys.stderr)
        return 1 if old else 0
    FOLDER.mkdir(exist_ok=True)
    for path, text in rendered().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
