"""The node's branch of the machine's cgroups, in every hierarchy of version 1 and 2."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PREFIX = "echelon-e2e"
_INHERITED = (
    "cpuset.cpus",
    "cpuset.mems",
)  # version 1: no process can run in the branch until they are set


def hierarchies() -> list[Path]:
    """The mount points of cgroup hierarchies, of any version."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        where, _, what = line.partition(" - ")
        if what.split()[0] in ("cgroup", "cgroup2"):
            found.append(Path(where.split()[4]))
    return sorted(set(found))


def create(name: str) -> None:
    """Create the branch, with the root's settings of each controller."""
    for root in hierarchies():
        (root / name).mkdir()
        for setting in _INHERITED:
            if (root / setting).exists() and (root / name / setting).exists():
                (root / name / setting).write_text((root / setting).read_text())


def remove(name: str) -> bool:
    """Remove the branch with its children. Returns False if it still has a process."""
    for root in hierarchies():
        for folder, _, _ in os.walk(root / name, topdown=False):
            with suppress(OSError):
                os.rmdir(folder)
    return not present(name)


def present(name: str) -> list[Path]:
    return [root / name for root in hierarchies() if (root / name).exists()]


def processes(name: str) -> set[int]:
    """All processes of the branch, which are those of all containers."""
    found: set[int] = set()
    for root in hierarchies():
        for file in (root / name).rglob("cgroup.procs"):
            with suppress(OSError):
                found.update(map(int, file.read_text().split()))
    return found


def name_for(run: str) -> str:
    """The name of a branch. It contains its owner, so that `sweep` can find branches of killed
    runs."""
    return f"{PREFIX}-{os.getpid()}-{run}"


def sweep() -> None:
    """Remove branches whose owner no longer runs."""
    for root in hierarchies():
        for folder in root.glob(f"{PREFIX}-*-*"):
            owner = folder.name.removeprefix(f"{PREFIX}-").partition("-")[0]
            if owner.isdecimal() and not Path("/proc", owner).exists():
                remove(folder.name)
