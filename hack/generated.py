"""What the programs that generate files of this repository have in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def written(rendered: Callable[[], Mapping[Path, str]], description: str, command: str) -> int:
    """Write the stale ones of these files anew; with ``--check`` only print them. ``command`` is
    what writes them. Returns the exit status."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="only report stale files")
    check, texts = parser.parse_args().check, rendered()
    stale = [p for p in texts if not p.exists() or p.read_text(encoding="utf-8") != texts[p]]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is stale; run `{command}`", file=sys.stderr)
        else:
            path.write_text(texts[path], encoding="utf-8")
    return 1 if check and stale else 0
