"""What the programs that generate files of this repository have in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


#: The text of each file; None: there must be no such file.
Texts = Mapping[Path, str | None]


def stale(texts: Texts) -> list[Path]:
    """Those of these files that are not up to date."""
    return [path for path, text in texts.items() if _present(path) != text]


def written(rendered: Callable[[], Texts], description: str, command: str) -> int:
    """Write the stale ones of these files anew; with ``--check`` only print them. ``command`` is
    what writes them. Returns the exit status."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="only report stale files")
    check, texts = parser.parse_args().check, rendered()
    old = stale(texts)
    for path in old:
        if check:
            print(f"{path.relative_to(ROOT)} is stale; run `{command}`", file=sys.stderr)
        elif (text := texts[path]) is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")
    return 1 if check and old else 0


def _present(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
