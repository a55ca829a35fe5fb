"""A box on this machine: it has its own processes, mounts and network, which end with the box.

The node's programs run in namespaces of the box (process ids, mounts, network). The first process
of the box reaps orphans. When it is killed, the kernel kills all other processes, and removes the
mounts, links, addresses, routes and packet rules of the box with the last process. The folders in
which such programs leave files (`HIDDEN`) are replaced by empty folders in memory.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from hack.devcluster.process import Child, Guard
from hack.e2e import box_init

HIDDEN = ("/run", "/var/lib", "/var/log")
_NAMESPACES = ("mnt", "net", "pid")


class BoxError(Exception):
    """A box did not start, or a command in it failed. The text has the command's output."""


def visible(path: Path) -> Path:
    """Return the path if it is visible in a box. Raises BoxError if it is not."""
    for hidden in HIDDEN:
        if path.resolve().is_relative_to(hidden):
            raise BoxError(
                f"{path} is not visible in a box: TMPDIR and ECHELON_CACHE must not be in {hidden}"
            )
    return path


class Box:
    """Start a box once; `run` and `child` start processes in it."""

    def __init__(self, folder: Path, log_dir: Path, guard: Guard) -> None:
        visible(folder)
        self._log_dir = log_dir
        self._guard = guard
        self._ready = folder / "box.ready"
        self._pid = 0
        self._children: list[Child] = []
        #: The inodes of its namespaces by kind. They identify processes of the box, also after its
        #: end.
        self.inodes: dict[str, int] = {}
        command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        command += ["--mount-proc", "--propagation", "private", "--"]
        command += [sys.executable, "-I", "-S", box_init.__file__, str(self._ready), *HIDDEN]
        self._first = Child("box", command, log_dir, guard)

    @property
    def pid(self) -> int:
        """The process id of the box's first process, as seen from the machine."""
        return self._pid

    def start(self, timeout: float = 20.0) -> None:
        self._first.start()
        deadline = time.monotonic() + timeout
        while not self._ready.exists():
            if self._first.died or time.monotonic() > deadline:
                raise BoxError(f"cannot create a box:\n{self._first.said()}")
            time.sleep(0.01)
        outer = self._first.pid
        self._pid = int(Path(f"/proc/{outer}/task/{outer}/children").read_text().split()[0])
        self.inodes = {each: _inode(self._pid, each) for each in _NAMESPACES}

    def enter(self, command: Sequence[str]) -> list[str]:
        """The command line that runs `command` in the box."""
        return ["nsenter", f"--target={self._pid}", "--mount", "--net", "--pid", "--", *command]

    def run(self, *command: str) -> str:
        """Run a command in the box. Returns its output."""
        done = subprocess.run(self.enter(command), capture_output=True, text=True, check=False)
        if done.returncode:
            raise BoxError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def child(self, name: str, command: Sequence[str]) -> Child:
        """A program with a log, to be started in the box."""
        made = Child(name, self.enter(command), self._log_dir, self._guard)
        self._children.append(made)
        return made

    def close(self) -> None:
        """Kill all processes of the box. Returns when they have exited."""
        if self._pid:
            descriptor = os.pidfd_open(self._pid)
            os.kill(self._pid, signal.SIGKILL)
            select.select([descriptor], [], [])  # ended, after all other processes of the box
            os.close(descriptor)
            # Processes outside that wait for one inside exit by themselves if they have time. If
            # they are killed before, they leave a zombie.
            self._settled([self._first, *self._children])
            self._pid = 0
        for child in (*self._children, self._first):
            child.end(signal.SIGKILL)

    def _settled(self, children: list[Child], timeout: float = 5.0) -> None:
        deadline = time.monotonic() + timeout
        while any(c.pid and not c.died for c in children) and time.monotonic() < deadline:
            time.sleep(0.01)

    def processes(self) -> list[int]:
        """All processes of the machine in one of the box's namespaces."""
        return members(self.inodes)


def members(inodes: Mapping[str, int]) -> list[int]:
    """All processes in one of these namespaces (`Box.inodes`)."""
    return [
        int(each)
        for each in os.listdir("/proc")
        if each.isdecimal() and any(_inode(int(each), kind) == at for kind, at in inodes.items())
    ]


def _inode(pid: int, kind: str) -> int:
    try:
        return os.stat(f"/proc/{pid}/ns/{kind}").st_ino
    except OSError:
        return -1  # the process has just ended
