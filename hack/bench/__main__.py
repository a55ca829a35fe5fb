"""`python -m hack.bench [SCENARIO…]`: measures, prints a table, exits with 1 if a target was
missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from hack.bench import crowd, event, gates, large, roll, show
from hack.bench.figures import Figure
from hack.bench.options import FULL, SMOKE, Options
from hack.bench.rig import RigError
from hack.devcluster.build import BuildError
from hack.devcluster.cluster import ClusterError

#: In the order in which they run; scenarios that need a quiet machine come first.
SCENARIOS = {
    "event": "cost of one pod event and one reconcile at 10,000 instances, in process",
    "roll": "one Job of 1,000 instances at once, against a raw client",
    "idle": "1,000 Jobs of 5 instances: writes, CPU and memory of an idle operator",
    "start": "seconds until the control plane is ready, and until an operator with 1,000 Jobs acts",
    "gates": "1,000 Updates with two Continuous gates each: lateness of questions, writes",
    "large": "an Update of 10,000 alternating instances that fails: writes and sizes of statuses",
}
#: Scenarios that are too long for the smoke form; it runs them only if they are named.
LONG = frozenset({"gates", "large"})


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main() -> None:
    given = _parser().parse_args()
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGHUP, _end)
    options = SMOKE if given.smoke else FULL
    own = {k: getattr(given, k) for k in ("instances", "rounds", "jobs", "seconds")}
    own["large"] = given.instances
    options = replace(options, **{k: v for k, v in own.items() if v is not None})
    try:
        figures = measure(given.scenario or default_scenarios(given.smoke), options)
    except (BuildError, ClusterError, RigError) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    show.table(figures)
    if given.json:
        given.json.write_text(json.dumps(_report(figures), indent=2) + "\n")
    missed = [figure for figure in figures if figure.met is False]
    if missed and not given.no_targets:
        names = ", ".join(f"{figure.scenario}: {figure.what}" for figure in missed)
        sys.exit(f"bench: {len(missed)} of the targets missed ({names})")


def default_scenarios(smoke: bool) -> list[str]:
    """The scenarios that run if none is named."""
    return [name for name in SCENARIOS if not (smoke and name in LONG)]


def measure(wanted: list[str], options: Options) -> list[Figure]:
    """The figures of the wanted scenarios."""
    say = show.Progress()
    runs: list[tuple[set[str], Callable[[], list[Figure]]]] = [
        ({"event"}, lambda: event.run(say)),
        ({"roll"}, lambda: roll.run(options, say)),
        ({"idle", "start"}, lambda: crowd.run(options, say, set(wanted))),
        ({"gates"}, lambda: gates.run(options, say)),
        ({"large"}, lambda: large.run(options, say)),
    ]
    return [figure for names, run in runs if names & set(wanted) for figure in run()]


def _parser() -> argparse.ArgumentParser:
    scenarios = "\n".join(f"  {name:<6} {text}" for name, text in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="python -m hack.bench",
        description=f"{__doc__}\n\n{scenarios}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="scenarios to run (all)",
                        type=_scenario)  # fmt: skip
    parser.add_argument("--smoke", action="store_true", help="the short form: about five minutes")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the figures to this file"
    )
    parser.add_argument(
        "--no-targets", action="store_true", help="exit with 0 even if a target was missed"
    )
    parser.add_argument(
        "--instances", type=int, metavar="N", help="instances of a Job (1000; large: 10000)"
    )
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="rounds of operator and raw client (3)"
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="Jobs of the idle operator (1000)")
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="seconds to watch the idle operator (60)"
    )
    return parser


def _scenario(text: str) -> str:
    if text not in SCENARIOS:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(SCENARIOS)}")
    return text


def _report(figures: list[Figure]) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "targetsMet": all(figure.met is not False for figure in figures),
        "figures": [figure.json() for figure in figures],
    }


if __name__ == "__main__":
    main()
