"""``python -m hack.availability``: tables that name tests name tests that exist.

In ``docs/availability.md`` and ``docs/security.md`` each row of a table whose last column is *test*
must name at least one, as ``path/of/file.py::function``. Prints what is wrong and exits with 1.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("docs/availability.md", "docs/security.md")

_TEST = re.compile(r"([\w./-]+\.py)::(\w+)")
_RULE = re.compile(r"^[\s|:-]+$")
_COLUMN = "test"


def rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row of the tables whose last column is *test*."""
    named = inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not inside:
            inside, named = True, cells[-1] == _COLUMN
        elif named and not _RULE.match(line):
            yield number, cells


def problems(text: str, root: Path = ROOT) -> Iterator[str]:
    """What is wrong with the rows of a document, as ``line: problem``."""
    found = 0
    for number, cells in rows(text):
        found += 1
        tests = _TEST.findall(cells[-1])
        if not tests:
            yield f"{number}: the row names no test: {cells[0]}, {cells[1]}"
        for file, function in tests:
            if function not in functions(root / file):
                yield f"{number}: there is no test {file}::{function}"
    if not found:
        yield "1: no table has a column *test*"


@lru_cache
def functions(path: Path) -> frozenset[str]:
    """The names of the test functions of a file; empty if there is no such file."""
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = (node.name for node in ast.walk(tree) if isinstance(node, kinds))
    return frozenset(name for name in names if name.startswith("test_"))


def main(documents: Iterable[str] = DOCUMENTS) -> int:
    """Print all problems. Returns 1 if there are any."""
    bad = [
        f"{name}:{problem}"
        for name in documents
        for problem in problems((ROOT / name).read_text(encoding="utf-8"))
    ]
    for problem in bad:
        print(problem, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
