"""``python -m hack.lengths``: no source file has more than 300 lines. Prints longer files and exits
with 1."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("controller", "hack", "tests", "examples", "docs", ".ci")
KINDS = frozenset({".py", ".go", ".sh", ".yaml", ".md", ""})
MOST = 300


def too_long() -> Iterator[tuple[Path, int]]:
    """Files with more than ``MOST`` lines, and their number of lines."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in KINDS and "__pycache__" not in path.parts:
                lines = len(path.read_text(encoding="utf-8").splitlines())
                if lines > MOST:
                    yield path.relative_to(ROOT), lines


def main() -> int:
    """Print the files that are too long. Returns 1 if there are any."""
    found = list(too_long())
    for path, lines in found:
        print(f"{path}: {lines} lines, {MOST} are allowed; split it", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
