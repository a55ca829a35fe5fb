"""How the operator's CPU grows with the number of instances.

Three sizes, each ten times the one before. The slope is that of a straight line through the
logarithms (least squares): 1 means that an instance costs the same in a Job of any size.
"""

from __future__ import annotations

from math import log
from statistics import linear_regression, median

from hack.bench.compare import enter
from hack.bench.figures import Figure
from hack.bench.scenario import Bench, Result, Scenario, Sizes
from hack.bench.turn import Turn, play
from hack.bench.work import Work

_NAMES = ("echelon", "floor")


def run(bench: Bench, sizes: Sizes) -> Result:
    counts = [max(1, sizes.instances // part) for part in (100, 10, 1)]
    result = Result("slope", f"{', '.join(f'{c:,}' for c in counts)} recreated")
    with bench.rig("slope") as rig:
        observer = rig.observe()
        used: dict[str, dict[int, list[Turn]]] = {name: {c: [] for c in counts} for name in _NAMES}
        for number in range(sizes.rounds):
            for count in counts:
                work = Work(count, min(sizes.in_flight, count))
                for name in _NAMES if number % 2 == 0 else reversed(_NAMES):
                    turn = play(rig, observer, enter(rig, observer, name, work))
                    used[name][count].append(turn)
                    rig.say(f"{name}: {work.words()}: CPU {turn.cpu:.2f} s")
        observer.close()
    for name in _NAMES:
        cpu = {count: median(t.cpu for t in turns) for count, turns in used[name].items()}
        by = "" if name == "echelon" else f" of {name}"
        note = ", ".join(f"{count:,}: {seconds:.2f} s" for count, seconds in cpu.items())
        figure = Figure("slope", f"CPU{by}, log-log slope", slope(cpu), note=note)
        result.figures.append(figure)
    return result


def slope(values: dict[int, float]) -> float:
    """The slope of the logarithms of values by size. All must be above 0."""
    sizes = [log(size) for size in values]
    return linear_regression(sizes, [log(max(value, 1e-3)) for value in values.values()]).slope


SCENARIOS = (
    Scenario(
        "slope",
        "CPU at 100, 1,000 and 10,000 instances",
        run,
        Sizes(instances=10_000, window=100, rounds=3),
        minutes=25,
    ),
)
