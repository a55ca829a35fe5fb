"""`python -m hack.chaos [PART…]`: disturbs the operator and prints what came of it. It exits with 1
if an invariant was broken, and with 3 if the control plane or this machine failed, so that nothing
is known of the operator."""

from __future__ import annotations

import argparse
import random
import shlex
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Final

from hack.bench.markdown import DocumentError
from hack.bench.show import Progress
from hack.chaos import document, report
from hack.chaos.part import Part, Run
from hack.chaos.parts import PARTS, chosen
from hack.chaos.plane import Plane, StalledError
from hack.chaos.row import Row
from hack.chaos.tries import INFRASTRUCTURE
from hack.devcluster.build import BuildError
from hack.devcluster.cluster import ClusterError

#: The exit code when nothing is known of the operator.
UNKNOWN: Final = 3
#: Broken invariants of a row that are printed; the report has all of them.
_SHOWN: Final = 3


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main() -> None:
    given = _parser().parse_args()
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGHUP, _end)
    if given.list:
        print(_list())
        return
    try:
        _run(given)
    except (BuildError, DocumentError) as error:
        sys.exit(f"chaos: {error}")
    except (ClusterError, StalledError) as error:
        print(f"chaos: {error}", file=sys.stderr)
        sys.exit(UNKNOWN)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(given: argparse.Namespace) -> None:
    reports = [report.read(path) for path in given.merge]
    bad, again = list[str](), ""
    if given.part or not reports:
        made = _measure(given)
        reports.append(made)
        every = [row for part in made["parts"].values() for row in report.rows(part)]
        bad = [f"{row.scenario}, {row.fault}" for row in every if not _passes(row, given.short)]
        again = f"; again with: {made['command']}"
    if given.document:
        before = document.kept(given.document) if given.keep else ""
        document.insert(given.document, document.render(reports, before))
    if bad:
        sys.exit(f"chaos: {len(bad)} rows are not as they must be ({'; '.join(bad)}){again}")


def _passes(row: Row, short: bool) -> bool:
    """The short form has too few tries, on machines that do other things too, to judge times."""
    return row.good or (short and row.tried > 0 and not row.broken)


def _measure(given: argparse.Namespace) -> report.Report:
    seed = given.seed if given.seed is not None else random.randrange(1_000_000)
    parts = chosen(given.part, given.short)
    made = report.begin(_command(given, seed), seed)
    if given.resume and given.json and given.json.exists():
        made = report.read(given.json)
        seed = made["seed"]
    progress, shared = Progress(), ExitStack()
    progress("chaos", f"seed {seed}")
    plane: Plane | None = None
    with shared:
        for part in parts:
            if part.name in made["parts"]:
                progress(part.name, "in the report already")
                continue
            began = time.monotonic()
            with ExitStack() as own:
                if plane is None or part.alone:
                    progress(part.name, "a control plane starts")
                if part.alone:
                    used = own.enter_context(Plane())
                else:
                    used = plane = plane or shared.enter_context(Plane())
                rows = _one(part, used, given, seed, progress)
            report.add(made, part.name, rows, (time.monotonic() - began) / 60)
            if given.json:
                report.write(made, given.json)
    return made


def _one(
    part: Part, plane: Plane, given: argparse.Namespace, seed: int, progress: Progress
) -> list[Row]:
    def say(text: str) -> None:
        progress(part.name, text.replace("[", r"\["))

    began = time.monotonic()
    try:
        rows = part.run(Run(plane, say, seed, given.short, given.tries))
    except INFRASTRUCTURE as error:
        say(f"broken off: {str(error)[:1000]}")
        if not part.alone:
            plane.check(began)
        raise
    for row in rows:
        say(_told(row))
        for each in row.broken[:_SHOWN]:
            say(f"BROKEN: {row.scenario}, {row.fault}: {each[:1000]}")
    if given.short and any(row.broken for row in rows):
        # Was it this machine? The long form is looked at by a person.
        plane.check(began)
    return rows


def _told(row: Row) -> str:
    half, tail, most = (row.quantile(percent) for percent in (50, 99, 100))
    times = ""
    if half is not None:
        times = f", recovered in {half:.2f} s (p50), {tail:.2f} s (p99), {most:.2f} s (max)"
    late = f", {row.late} of them later than {row.limit:g} s" if row.late else ""
    note = f" ({row.note})" if row.note else ""
    words = f"{row.tried} tries, {len(row.broken)} broken{times}{late}{note}"
    return f"{row.scenario}, {row.fault}: {words}"


def _command(given: argparse.Namespace, seed: int) -> str:
    """The `make` command that does the same again."""
    words = [*given.part, "--seed", str(seed)]
    if given.tries is not None:
        words += ["--tries", str(given.tries)]
    short = " SHORT=1" if given.short else ""
    return f"make chaos{short} ARGS={shlex.quote(shlex.join(words))}"


def _list() -> str:
    lines = []
    for part in PARTS:
        long = "" if part.minutes is None else f"{part.minutes:g} min"
        short = "" if part.seconds is None else f"{part.seconds:g} s"
        lines.append(f"  {part.name:<34} {long:>8} {short:>6}  {part.text}")
    minutes = sum(part.minutes or 0 for part in PARTS)
    seconds = sum(part.seconds or 0 for part in PARTS)
    head = f"  {'part':<34} {'long':>8} {'short':>6}"
    return "\n".join([head, *lines, f"  {'all':<34} {minutes:>4.0f} min {seconds:>4.0f} s"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hack.chaos",
        description=f"{__doc__}\n\nparts:\n{_list()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("part", nargs="*", metavar="PART", help="parts to run, or how their names begin (all)")
    add("--short", action="store_true", help="the short form: at most three minutes")
    add("--list", action="store_true", help="print the parts and how long they take")
    add("--seed", type=int, metavar="N", help="of all that is random (a new one, printed)")
    add("--tries", type=int, metavar="N", help="the most tries of each fault")
    add("--json", type=Path, metavar="FILE", help="write what came of it here, after each part")
    add("--resume", action="store_true", help="go on with the --json of an earlier run")
    add("--merge", type=Path, metavar="FILE", action="append", default=[],
        help="a file of an earlier --json, for --document; without PART nothing is run; can be "
        "repeated, the last result of a part counts")  # fmt: skip
    add("--document", type=Path, metavar="FILE",
        help="write the table into this Markdown document, between its marks")  # fmt: skip
    add("--keep", action="store_true",
        help="keep what the --document's table has and these results do not replace")  # fmt: skip
    return parser


if __name__ == "__main__":
    main()
