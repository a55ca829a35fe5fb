"""The facts of this machine without which figures mean nothing."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def facts() -> dict[str, str]:
    """What the figures were made on, for people."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "python": platform.python_version(),
        "kubernetes": _kubernetes(),
        "commit": _commit(),
    }


def load() -> float:
    """The load average of the last minute: above half a core, other programs disturb."""
    return os.getloadavg()[0]


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _kubernetes() -> str:
    modules = (_ROOT / "hack" / "devcluster" / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"k8s\.io/kubernetes (v\S+)", modules)
    return found[1] if found else "unknown"


def _commit() -> str:
    """The commit, with ``+`` if files have changed since. "unknown" outside a repository."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
