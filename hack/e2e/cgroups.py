"""The node's own branch of the machine's cgroups, in every hierarchy, whichever version."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PREFIX = "echelon-e2e"
_INHERITED = ("cpuset.cpus", "cpuset.mems")  # version 1: nothing can run until they are set


def hierarchies() -> list[Path]:
    """Where cgroups of any version are mounted."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        where, _, what = line.partition(" - ")
        if what.split()[0] in ("cgroup", "cgroup2"):
            found.append(Path(where.split()[4]))
    return sorted(set(found))


def create(name: str) -> None:
    """Make the branch; a controller's settings are those of the root."""
    for root in hierarchies():
        (root / name).mkdir()
        for setting in _INHERITED:
            if (root / setting).exists() and (root / name / setting).exists():
                (root / name / setting).write_text((root / setting).read_text())


def remove(name: str) -> bool:
    """Remove the branch and all below it; False as long as a process is in it."""
    for root in hierarchies():
        for folder, _, _ in os.walk(root / name, topdown=False):
            with suppress(OSError):
                os.rmdir(folder)
    return not present(name)


def present(name: str) -> list[Path]:
    return [root / name for root in hierarchies() if (root / name).exists()]


def processes(name: str) -> set[int]:
    """All that run in the branch: the processes of all containers."""
    found: set[int] = set()
    for root in hierarchies():
        for file in (root / name).rglob("cgroup.procs"):
            with suppress(OSError):
                found.update(map(int, file.read_text().split()))
    return found


def name_for(run: str) -> str:
    """The name says whose it is, so that `sweep` can tell what a killed run left."""
    return f"{PREFIX}-{os.getpid()}-{run}"


def sweep() -> None:
    """Remove branches whose process is no more."""
    for root in hierarchies():
        for folder in root.glob(f"{PREFIX}-*-*"):
            owner = folder.name.removeprefix(f"{PREFIX}-").partition("-")[0]
            if owner.isdecimal() and not Path("/proc", owner).exists():
                remove(folder.name)
