"""`python -m hack.bench [SCENARIO…]`: measures, prints a table, exits with 1 if a target was
missed."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from hack.bench import machine, markdown, plot, report, show
from hack.bench.budgets import Budgets
from hack.bench.contestants import ALL
from hack.bench.rig import RigError
from hack.bench.scenario import Bench, Result, Sizes
from hack.bench.scenarios import SCENARIOS, default
from hack.devcluster.build import BuildError
from hack.devcluster.cluster import ClusterError

#: Who is measured in the smoke form.
_SMOKE = ("echelon", "floor")
#: Options that say where the figures go, not how they are made.
_OUTPUT = ("json", "document", "no_targets", "merge")


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
    except (BuildError, ClusterError, RigError, markdown.DocumentError) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _run(given: argparse.Namespace) -> None:
    reports = [report.read(path) for path in given.merge]
    missed: list[str] = []
    if given.scenario or not reports:
        load = machine.load()
        results = measure(given)
        show.table(figure for result in results for figure in result.figures)
        made = report.make(results, command(given), load)
        reports.append(made)
        if given.json:
            report.write(made, given.json)
        missed = [f"{figure.scenario}: {figure.what}" for result in results
                  for figure in result.figures if figure.met is False]  # fmt: skip
        if given.contestants is None:
            missed += [f"{name}: no figure for the budget of {what}"
                       for name, what in _unmeasured(results, given.smoke)]  # fmt: skip
    if given.document:
        _document(given.document, reports)
    if missed and not given.no_targets:
        sys.exit(f"bench: {len(missed)} of the targets missed ({', '.join(missed)})")


def measure(given: argparse.Namespace) -> list[Result]:
    """The results of the wanted scenarios, with the limits of the budgets."""
    wanted = [SCENARIOS[name] for name in given.scenario or default(given.smoke)]
    own = {name: getattr(given, name) for name in Sizes.__slots__}
    own = {name: value for name, value in own.items() if value is not None}
    shared = given.smoke and all(scenario.smoke is not None for scenario in wanted)
    names = given.contestants or (_SMOKE if given.smoke else None)
    bench = Bench(show.Progress(), names, shared)
    budgets, results = Budgets.read(), []
    try:
        for scenario in wanted:
            sizes = scenario.smoke if given.smoke and scenario.smoke else scenario.full
            result = scenario.run(bench, replace(sizes, **own))
            result.figures = budgets.judge(result.figures, given.smoke)
            results.append(result)
    finally:
        bench.close()
    return results


def command(given: argparse.Namespace) -> str:
    """The `make` command that measures the same again."""
    words: list[str] = list(given.scenario)
    for name, value in vars(given).items():
        if name in (*_OUTPUT, "scenario", "smoke", "list") or value is None:
            continue
        text = ",".join(value) if isinstance(value, tuple) else f"{value:g}"
        words += [f"--{name}", text]
    smoke = " SMOKE=1" if given.smoke else ""
    return f"make bench{smoke}" + (f" ARGS={shlex.quote(shlex.join(words))}" if words else "")


def _unmeasured(results: Sequence[Result], smoke: bool) -> list[tuple[str, str]]:
    budgets = Budgets.read()
    return [
        (result.scenario, what)
        for result in results
        for what in budgets.unmeasured(result.scenario, result.figures, result.skipped, smoke)
    ]


def _document(path: Path, reports: Sequence[report.Report]) -> None:
    picture = plot.svg(reports)
    name = path.with_suffix(".svg")
    if picture is not None:
        name.write_text(picture, encoding="utf-8")
    markdown.insert(path, markdown.render(reports, name.name if picture else None))


def _list() -> str:
    lines = []
    for scenario in SCENARIOS.values():
        forms = "only if named" if scenario.named_only else "full"
        forms += f" if {scenario.needs} is set" if scenario.needs else ""
        forms += " and smoke" if scenario.smoke else ""
        lines.append(f"  {scenario.name:<18} {scenario.text} ({forms}, {scenario.minutes:g} min)")
    whole = sum(SCENARIOS[name].minutes for name in default(smoke=False))
    return "\n".join([*lines, f"\nThe full form takes about {whole / 60:.1f} hours on two cores."])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hack.bench",
        description=f"{__doc__}\n\nscenarios:\n{_list()}\n\ncontestants: {', '.join(ALL)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("scenario", nargs="*", metavar="SCENARIO", help="scenarios to run (all)", type=_scenario)
    add("--smoke", action="store_true", help="the short form: at most two minutes")
    add("--list", action="store_true", help="print the scenarios and what they take")
    add("--contestants", type=_contestants, metavar="A,B", help="who is measured (the usual ones)")
    add("--instances", type=int, metavar="N", help="instances of a Job")
    add("--window", type=int, metavar="N", help="instances in flight; 0: all")
    add("--jobs", type=int, metavar="N", help="number of Jobs")
    add("--rounds", type=int, metavar="N", help="turns of each contestant")
    add("--seconds", type=float, metavar="S", help="how long something is watched")
    add("--json", type=Path, metavar="FILE", help="also write everything measured to this file")
    add("--merge", type=Path, metavar="FILE", action="append", default=[],
        help="a file of an earlier --json, for --document; without SCENARIO nothing is measured; "
        "can be repeated, the last result of a scenario counts")  # fmt: skip
    add("--document", type=Path, metavar="FILE",
        help="write tables and picture into this Markdown document, between its marks")  # fmt: skip
    add("--no-targets", action="store_true", help="exit with 0 even if a target was missed")
    return parser


def _scenario(text: str) -> str:
    if text not in SCENARIOS:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(SCENARIOS)}")
    return text


def _contestants(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in ALL:
            raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(ALL)}")
    return names


if __name__ == "__main__":
    main()
