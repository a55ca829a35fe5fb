"""Contestants in turns: each round has a turn of each of them, on one control plane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from statistics import median

from hack.bench.contestants import ALL, USUAL, missing
from hack.bench.contestants.base import Contestant
from hack.bench.figures import Figure
from hack.bench.limits import DEFAULT
from hack.bench.observer import Observer
from hack.bench.reaction import quantile
from hack.bench.rig import Rig
from hack.bench.scenario import Bench, Result
from hack.bench.turn import Turn, play
from hack.bench.work import Work

#: Instances of the turns before the first round: they warm up the control plane and count nothing.
_WARM = 50
#: Most rounds of a contestant with default limits: a limit of requests gives equal turns.
SLOW_ROUNDS = 2


def compare(
    bench: Bench,
    scenario: str,
    work: Work,
    rounds: int,
    usual: tuple[str, ...] = USUAL,
    turns_back: bool = False,
) -> Result:
    """The turns of all contestants that can do the work, and the figures of Echelon beside them."""
    names = bench.contestants or usual
    result = Result(scenario, work.words(), skipped=dict(_skipped(names, work)))
    names = tuple(name for name in names if name not in result.skipped)
    with bench.rig(scenario) as rig:
        for name, why in result.skipped.items():
            rig.say(f"[yellow]{name} is not measured: {why}")
        observer = rig.observe()
        small = replace(work, instances=min(work.instances, _WARM), jobs=1)
        for name in names:
            if ALL[name][1] is not DEFAULT and name not in rig.warm:
                play(rig, observer, enter(rig, observer, name, small, turns_back))
                rig.warm.add(name)
        result.turns = {name: [] for name in names}
        for number in range(rounds):
            # Forth and back, so that nobody always has the turn after somebody else.
            for name in names if number % 2 == 0 else reversed(names):
                if ALL[name][1] is DEFAULT and number >= SLOW_ROUNDS:
                    continue
                turn = play(rig, observer, enter(rig, observer, name, work, turns_back))
                result.turns[name].append(turn)
                _say(rig, number, name, turn)
        observer.close()
    result.figures = figures(scenario, result.turns)
    return result


def enter(
    rig: Rig, observer: Observer, name: str, work: Work, turns_back: bool = False
) -> Contestant:
    """A contestant by name, for one turn."""
    kind, limits = ALL[name]
    return kind(rig, observer, work, limits, turns_back)


def figures(scenario: str, turns: dict[str, list[Turn]]) -> list[Figure]:
    """Echelon's figures, and its ratios to the others. Empty without Echelon."""
    ours = turns.get("echelon")
    if not ours:
        return []

    def figure(what: str, value: float, unit: str = "", note: str = "") -> Figure:
        return Figure(scenario, what, value, unit, note=note)

    found = [
        figure("seconds", median(t.seconds for t in ours), "s", spread(t.seconds for t in ours)),
        figure("CPU", median(t.cpu for t in ours), "s", spread(t.cpu for t in ours)),
        figure("peak memory", max(t.peak_mb for t in ours), "MB"),
        figure("writes per instance", median(map(per_instance, ours)), note=_kinds(ours)),
    ]
    for name, theirs in turns.items():
        if name != "echelon" and theirs:
            found.append(figure(f"seconds ÷ {name}", *_ratio(ours, theirs, "seconds")))
    if floor := turns.get("floor"):
        found.append(figure("CPU ÷ floor", *_ratio(ours, floor, "cpu")))
    for name, all_ in turns.items():
        if reactions := [seconds for turn in all_ for seconds in turn.reactions]:
            by = "" if name == "echelon" else f" of {name}"
            lag = quantile([seconds for turn in all_ for seconds in turn.lag], 50) * 1000
            note = f"{len(reactions):,} pairs" + (f"; resolution {lag:.1f} ms" if lag else "")
            for percent in (50, 99):
                value = quantile(reactions, percent) * 1000
                found.append(figure(f"reaction{by}, p{percent}", value, "ms", note))
    return found


def per_instance(turn: Turn) -> float:
    """Writes of every kind per replaced instance, leases excepted."""
    total = sum(count for what, count in turn.writes.items() if not what.endswith("leases"))
    return total / turn.replaced if turn.replaced else 0.0


def spread(values: Iterable[float]) -> str:
    """The smallest and the largest value, for notes."""
    found = list(values)
    return f"{min(found):.2f}–{max(found):.2f}"


def _ratio(ours: list[Turn], theirs: list[Turn], what: str) -> tuple[float, str, str]:
    """The ratio of the medians, its unit, and a note with the ratio of each round. Of a way back
    each replaced instance counts: the contestants may have turned at different moments."""

    def value(turn: Turn) -> float:
        return float(getattr(turn, what)) / max(1, turn.replaced)

    mine, others = [value(turn) for turn in ours], [value(turn) for turn in theirs]
    rounds = ", ".join(f"{m / o:.2f}" for m, o in zip(mine, others, strict=False) if o)
    least = median(others)
    return (median(mine) / least if least else 0.0), "×", rounds


def _skipped(names: Iterable[str], work: Work) -> Iterable[tuple[str, str]]:
    for name in names:
        if why := missing(name):
            yield name, why
        elif not ALL[name][0].can(work):
            yield name, "it cannot replace pods in this way"


def _kinds(turns: list[Turn]) -> str:
    """The writes of the last turn as a phrase."""
    writes = Counter(turns[-1].writes)
    return ", ".join(f"{count:,} {what}" for what, count in writes.most_common())


def _say(rig: Rig, number: int, name: str, turn: Turn) -> None:
    told = f", told after {turn.told:.2f} s" if turn.told - turn.seconds > 0.05 else ""
    rig.say(
        f"round {number + 1}: {name:<12} [bold]{turn.seconds:.2f} s[/]{told}, "
        f"CPU {turn.cpu:.2f} s, {turn.peak_mb:.0f} MB, "
        f"{per_instance(turn):.2f} writes per instance, "
        f"at most {turn.down:,} down (others used {turn.others:.2f} cores)"
    )
