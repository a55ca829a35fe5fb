"""The operator's image: a cached lower layer, the code, and the configuration of the Dockerfile.

Entrypoint, user and environment are read from the last stage of the Dockerfile, so that the tests
use the same configuration as the image that users build.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hack.e2e import images
from hack.e2e.operator_base import HOME, ROOT, Base, base, compile_all

REPOSITORY = f"{images.REGISTRY}/echelon"
TAG = "tree"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DISTRIBUTION = "echelon_controller"


def archive(folder: Path) -> Path:
    """Write the image `REPOSITORY:TAG` into a folder. Returns the archive."""
    lower = base()
    image = images.Image(
        f"{REPOSITORY}:{TAG}",
        [lower.layer, _code(lower, folder / "code.tar")],
        dockerfile((ROOT / "Dockerfile").read_text()),
    )
    return images.archive(folder / "operator.tar", [image])


def dockerfile(text: str) -> dict[str, Any]:
    """The container's configuration in the last stage of a Dockerfile."""
    config: dict[str, Any] = {}
    environment = {"PATH": _PATH}
    stage = re.split(r"(?m)^FROM .*$", re.sub(r"\\\n", " ", text))[-1]
    for line in stage.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word in ("USER", "WORKDIR"):
            config["User" if word == "USER" else "WorkingDir"] = rest.strip()
        elif word in ("ENTRYPOINT", "CMD"):
            config[word.capitalize()] = json.loads(rest)
        elif word == "ENV":
            for each in shlex.split(rest):
                name, _, value = each.partition("=")
                environment[name] = value.replace("$PATH", environment["PATH"])
    config["Env"] = [f"{name}={value}" for name, value in environment.items()]
    return config


def _code(lower: Base, path: Path) -> images.Layer:
    """The layer with the package itself, as `pip install` would install it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stage = Path(tempfile.mkdtemp(dir=lower.root / "tmp"))
    try:
        site = stage / HOME / "lib" / lower.python / "site-packages"
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "controller", site / "controller", ignore=skip)
        compile_all(lower.root, "/" + str(site.relative_to(lower.root)))
        about = site / f"{_DISTRIBUTION}-{project['version']}.dist-info"
        about.mkdir()
        named = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        (about / "METADATA").write_text(named)
        programs = stage / HOME / "bin"
        programs.mkdir()
        for name, target in project["scripts"].items():
            module, _, function = target.partition(":")
            script = f"#!/{HOME}/bin/python\nfrom {module} import {function}\n{function}()\n"
            (programs / name).write_text(script)
            (programs / name).chmod(0o755)
        return images.tree(path, stage)
    finally:
        shutil.rmtree(stage)
