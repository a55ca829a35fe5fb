"""Runs the instructions of a Dockerfile without Docker, in a folder that replaces the root.

It supports the instructions of the project's Dockerfile: FROM, ARG, ENV, WORKDIR, COPY and RUN.
Absolute paths of the Dockerfile (``/src``, ``/opt``, …) are moved into the folder, also in
commands. This machine, with the given Python, replaces the base image.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_OWN = re.compile(r"(?<![\w./-])/(src|opt|wheels)(?=[/\s;]|$)")


@dataclass
class Stage:
    """The instructions between one FROM and the next, as (instruction, arguments)."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [rest for name, rest in self.steps if name == instruction]


def stages(text: str) -> list[Stage]:
    """The stages in order. ARGs before the first FROM are replaced in the names of base images."""
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    text = "".join(line for line in text.splitlines(True) if not line.lstrip().startswith("#"))
    for line in filter(str.strip, text.replace("\\\n", " ").splitlines()):
        instruction, _, rest = line.partition(" ")
        rest = rest.strip()
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            for key, value in arguments.items():
                base = base.replace(f"${{{key}}}", value)
            found.append(Stage(base, name))
        elif not found:
            assert instruction == "ARG", line
            key, _, arguments[key] = rest.partition("=")
        else:
            found[-1].steps.append((instruction, rest))
    return found


def ignored(path: str, rules: str) -> bool:
    """Whether .dockerignore excludes a path: the last rule that matches the path or one of its
    folders decides."""
    parts = path.split("/")
    above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    verdict = False
    for rule in filter(None, (line.strip() for line in rules.splitlines())):
        pattern = rule.lstrip("!").removeprefix("**/")
        names = parts if "**/" in rule else above
        depth = pattern.count("/")
        if any(
            fnmatch.fnmatchcase(n, pattern) for n in names if "**/" in rule or n.count("/") == depth
        ):
            verdict = not rule.startswith("!") and not rule.startswith("#")
    return verdict


class Build:
    """Runs one stage in ``root``, with the files of ``context`` that .dockerignore does not
    exclude."""

    def __init__(self, root: Path, context: Path, python: Path) -> None:
        self.root = root
        self._context = context
        self._rules = (context / ".dockerignore").read_text()
        self._environ = dict(os.environ)
        (root / "bin").mkdir(parents=True)
        (root / "bin" / "python").symlink_to(python)
        self._environ["PATH"] = f"{root / 'bin'}:{self._environ['PATH']}"
        self._folder = root

    def play(self, stage: Stage) -> None:
        for instruction, rest in stage.steps:
            match instruction:
                case "WORKDIR":
                    self._folder = self.root / rest.lstrip("/")
                    self._folder.mkdir(parents=True, exist_ok=True)
                case "ENV":
                    self._environ |= dict(entry.split("=", 1) for entry in shlex.split(rest))
                    # Use pip's cache of downloaded packages.
                    self._environ.pop("PIP_NO_CACHE_DIR", None)
                case "COPY":
                    *sources, target = rest.split()
                    for source in sources:
                        self._copy(source, target)
                case "RUN":
                    self._run(rest)
                case _:
                    raise AssertionError(f"unexpected instruction {instruction}")

    def _copy(self, source: str, target: str) -> None:
        origin = self._context / source
        files = [origin] if origin.is_file() else [f for f in origin.rglob("*") if f.is_file()]
        assert files, f"COPY {source}: the file does not exist"
        for file in files:
            name = str(file.relative_to(self._context))
            if ignored(name, self._rules):
                assert file != origin, f"COPY {source}: .dockerignore excludes it"
                continue
            inner = file.name if file == origin else str(file.relative_to(origin))
            place = self._folder / target / inner
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)

    def _run(self, command: str) -> None:
        done = subprocess.run(
            ["sh", "-ec", _OWN.sub(lambda own: f"{self.root}/{own[1]}", command)],
            cwd=self._folder,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"RUN {command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
