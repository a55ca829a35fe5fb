"""The family of scenarios in which contestants replace the same pods in turns."""

from __future__ import annotations

from functools import partial

from hack.bench.compare import compare
from hack.bench.contestants import USUAL
from hack.bench.scenario import Bench, Result, Scenario, Sizes
from hack.bench.work import Replacement, Strategy, Work


def roll(
    name: str,
    text: str,
    replacement: Replacement,
    full: Sizes,
    *,
    minutes: float,
    smoke: Sizes | None = None,
    strategy: Strategy = Strategy.QUEUE,
    contestants: tuple[str, ...] = USUAL,
    turns_back: bool = False,
) -> Scenario:
    """A scenario of this family."""
    run = partial(
        _run,
        name=name,
        replacement=replacement,
        strategy=strategy,
        contestants=contestants,
        turns_back=turns_back,
    )
    return Scenario(name, text, run, full, smoke, minutes)


def _run(
    bench: Bench,
    sizes: Sizes,
    *,
    name: str,
    replacement: Replacement,
    strategy: Strategy,
    contestants: tuple[str, ...],
    turns_back: bool,
) -> Result:
    work = Work(sizes.instances, sizes.in_flight, replacement, strategy, sizes.jobs)
    return compare(bench, name, work, sizes.rounds, contestants, turns_back)
