"""Runs tests in a tree and says which one noticed a fault."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hack.mutations.fault import Fault
from hack.mutations.tree import planted

#: What ``--all-tests`` runs, without the two tests that a copy of the tree cannot pass: one needs
#: git, the other would notice every fault by its text.
ALL: Final = (
    "tests/unit",
    "--ignore=tests/unit/test_mutations.py",
    "--deselect=tests/unit/test_hack_docs.py::test_the_tree_has_nothing_to_find_out",
)
#: Seconds that one test may take, and all tests of one fault.
ONE_TEST: Final = 120
ONE_FAULT: Final = 1800
#: Exit statuses of pytest: all passed; some failed, alone and on several workers.
_PASSED: Final = 0
_FAILED: Final = (1, 2)


@dataclass(frozen=True, slots=True)
class Result:
    """``caught_by``: the first test that failed; "" if the fault survived. ``seconds``: how long
    the tests took."""

    fault: Fault
    caught_by: str
    seconds: float


class BrokenError(Exception):
    """The tests could not tell: they did not run, or failed for another reason than the fault."""


def tried(tree: Path, fault: Fault, tests: Sequence[str], workers: int = 1) -> Result:
    """Plant the fault and run ``tests`` until one fails. Raises ``BrokenError`` and
    ``ValueError``."""
    begun = time.monotonic()
    with planted(tree, fault):
        caught_by = first_failure(tree, tests, workers, compiled=True)
    return Result(fault, caught_by, time.monotonic() - begun)


def first_failure(
    tree: Path, tests: Sequence[str], workers: int = 1, *, compiled: bool = False
) -> str:
    """The node id of the first test that fails in ``tree``; "" if all pass. ``compiled``: write no
    compiled code. Raises ``BrokenError`` if the tests did not run."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-rfE"]
    command += ["-p", "no:cacheprovider", f"--timeout={ONE_TEST}"]
    command += ["-n", str(workers)] if workers > 1 else []
    hidden = ("PYTEST_", "PYTHONDONTWRITEBYTECODE")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"} if compiled else {}
    try:
        done = subprocess.run(
            [*command, *tests],
            cwd=tree,
            env=environment,
            capture_output=True,
            text=True,
            timeout=ONE_FAULT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the time limit of {ONE_FAULT} s"
    if done.returncode == _PASSED:
        return ""
    found = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    first = found[0].partition(" ")[2].partition(" - ")[0] if found else ""
    # Without a function it is a file that could not be imported.
    if done.returncode not in _FAILED or "::" not in first:
        output = f"{done.stdout}{done.stderr}"
        raise BrokenError(f"pytest ended with status {done.returncode}:\n{output}")
    return first
