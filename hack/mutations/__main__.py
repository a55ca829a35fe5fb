"""``python -m hack.mutations``: plant each fault in a copy of the tree and see a test fail.

Exit status 1 if a fault survives, or if the list is no longer true: the code that a fault replaces
is not there exactly once, or a test that it names does not run.
"""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from hack.mutations import tree
from hack.mutations.fault import Fault
from hack.mutations.faults import FAULTS
from hack.mutations.run import ALL, BrokenError, first_failure, tried


def main(arguments: Sequence[str] | None = None) -> int:
    """Plant the faults and print what became of each."""
    options = _parser().parse_args(arguments)
    chosen = {n: FAULTS[n - 1] for n in options.only or range(1, len(FAULTS) + 1)}
    if untrue := list(_untrue(chosen)):
        print("\n".join(untrue), file=sys.stderr)
        return 1
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        try:
            bad = _run(chosen, Path(folder), options.workers, options.all_tests)
        except BrokenError as error:
            print(error, file=sys.stderr)
            return 1
    seconds = time.monotonic() - begun
    print(f"{len(chosen)} faults, {len(chosen) - len(bad)} caught, {seconds:.0f} s")
    for number in sorted(bad):
        print(f"not caught: {number}, {chosen[number].file}: {chosen[number].breaks}")
    return 1 if bad else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hack.mutations", description=__doc__)
    parser.add_argument(
        "--only",
        metavar="N",
        type=int,
        action="append",
        choices=range(1, len(FAULTS) + 1),
        help="plant this fault alone, by its number in the list; may be repeated",
    )
    parser.add_argument(
        "--all-tests",
        action="store_true",
        help="run all unit tests on each fault, not only the tests that should catch it",
    )
    parser.add_argument(
        "--workers", metavar="N", type=int, default=2, help="how many faults at a time (2)"
    )
    return parser


def _untrue(chosen: dict[int, Fault]) -> list[str]:
    """What is not true any more of the list."""
    found = []
    for number, fault in chosen.items():
        try:
            fault.planted((tree.ROOT / fault.file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            found.append(f"fault {number}: {error}")
    return found


def _run(chosen: dict[int, Fault], folder: Path, workers: int, all_tests: bool) -> set[int]:
    """The numbers of the faults that no test caught. Raises ``BrokenError`` if the tests do not
    pass without a fault."""
    first = tree.copy(tree.ROOT, folder / "1")
    tests = (
        ALL if all_tests else sorted({test for fault in chosen.values() for test in fault.tests})
    )
    print("the tests without a fault …", flush=True)
    if failed := first_failure(first, tests, workers):
        raise BrokenError(f"{failed} fails without a fault")
    free = queue.SimpleQueue[Path]()
    free.put(first)
    for number in range(2, workers + 1):
        free.put(tree.copy(first, folder / str(number)))

    def one(number: int, fault: Fault) -> tuple[int, bool]:
        place = free.get()
        try:
            found = tried(place, fault, ALL if all_tests else fault.tests)
            said = f"caught by {found.caught_by}" if found.caught_by else "SURVIVED"
            caught, seconds = bool(found.caught_by), f" ({found.seconds:.1f} s)"
        except (BrokenError, ValueError) as error:
            said, caught, seconds = f"BROKEN: {error}", False, ""
        finally:
            free.put(place)
        print(f"{number:3} {fault.file}: {fault.breaks}\n    {said}{seconds}", flush=True)
        return number, caught

    with ThreadPoolExecutor(workers) as pool:
        tasks = [pool.submit(one, number, fault) for number, fault in chosen.items()]
        return {
            number
            for number, caught in (task.result() for task in as_completed(tasks))
            if not caught
        }


if __name__ == "__main__":
    sys.exit(main())
