"""``python -m hack.chart.lock`` writes hack/requirements.lock and hack/build.lock.

Both files pin packages of the image by hash. requirements.lock has the packages that run in the
image and is its bill of materials; build.lock has the packages that build it. The versions are the
tested ones of hack/constraints.txt. The resolver (uv) is installed into a temporary folder.
"""

from __future__ import annotations

import subprocess
import tempfile
import tomllib
import venv
from pathlib import Path
from typing import Final

from hack.chart import ROOT

_UV: Final = "uv>=0.9"
_OLDEST_PYTHON: Final = "3.11"
_HEADER: Final = "# {what}, pinned by hash. Renew with `make lock`.\n"
_FILES: Final = {
    "requirements.lock": "All that runs in the image",
    "build.lock": "What builds the image",
}


def wanted(name: str) -> list[str]:
    """The requirements of a lock file, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    if name == "build.lock":
        return list(project["build-system"]["requires"])
    own = project["project"]
    return [*own["dependencies"], *own["optional-dependencies"]["ui"]]


def _resolve(uv: Path, name: str) -> str:
    flags = f"""
        --quiet --universal --generate-hashes --no-header --no-annotate
        --no-emit-index-url --no-emit-find-links
        --python-version {_OLDEST_PYTHON} --constraint hack/constraints.txt
    """.split()
    done = subprocess.run(
        [str(uv), "pip", "compile", "-", *flags],
        cwd=ROOT,
        input="\n".join(wanted(name)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return str(done.stdout)


def main() -> None:
    """Write both files."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        programs = Path(folder, "bin")
        subprocess.run([programs / "pip", "install", "--quiet", _UV], check=True)
        for name, what in _FILES.items():
            text = _HEADER.format(what=what) + _resolve(programs / "uv", name)
            (ROOT / "hack" / name).write_text(text)


if __name__ == "__main__":
    main()
