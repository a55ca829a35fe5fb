"""A copy of the repository in which faults are planted; the checkout itself is never changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hack.mutations.fault import Fault

ROOT: Final = Path(__file__).resolve().parents[2]
_LEFT_OUT: Final = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info", "build", "dist"
)


def copy(source: Path, target: Path) -> Path:
    """Copy the tree ``source`` to the new folder ``target``, which is returned."""
    ignore = _LEFT_OUT if source == ROOT else None
    return Path(shutil.copytree(source, target, ignore=ignore))


@contextmanager
def planted(tree: Path, fault: Fault) -> Iterator[None]:
    """While the context lasts, ``tree`` contains the fault. Raises ``ValueError`` if the code to
    replace is not there exactly once."""
    path = tree / fault.file
    text, stat = path.read_text(encoding="utf-8"), path.stat()
    path.write_text(fault.planted(text), encoding="utf-8")
    # Python trusts compiled code when second and size of its source are the same. A fault may have
    # the size of what it replaces, so it gets a second of its own.
    os.utime(path, (stat.st_mtime + 10, stat.st_mtime + 10))
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
