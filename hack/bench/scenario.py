"""What a scenario is: a name, sizes, and a function that measures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hack.bench.figures import Figure
from hack.bench.rig import Rig
from hack.bench.show import Progress
from hack.bench.turn import Turn


@dataclass(frozen=True, slots=True)
class Sizes:
    """``window``: instances that are replaced at the same time, 0 for all. ``jobs``: number of
    workloads. ``rounds``: turns of each contestant. ``seconds``: how long something is watched."""

    instances: int = 1_000
    window: int = 0
    jobs: int = 1
    rounds: int = 5
    seconds: float = 60.0

    @property
    def in_flight(self) -> int:
        return min(self.window or self.instances, self.instances)


@dataclass(slots=True)
class Result:
    """What a scenario has measured. ``turns``: by contestant. ``skipped``: why a contestant was not
    measured."""

    scenario: str
    what: str
    figures: list[Figure] = field(default_factory=list)
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "what": self.what,
            "figures": [figure.json() for figure in self.figures],
            "turns": {name: [turn.json() for turn in all_] for name, all_ in self.turns.items()},
            "skipped": self.skipped,
        }


@dataclass(slots=True)
class Bench:
    """``contestants``: names of those to measure; None: the usual ones of each scenario.
    ``shared``: use one control plane for all scenarios, instead of a fresh one for each."""

    say: Progress
    contestants: tuple[str, ...] | None = None
    shared: bool = False
    _rig: Rig | None = None

    @contextmanager
    def rig(self, scenario: str) -> Iterator[Rig]:
        """A control plane for a scenario."""
        if not self.shared:
            with Rig(scenario, self.say) as rig:
                yield rig
            return
        if self._rig is None:
            self._rig = Rig(scenario, self.say).__enter__()
        self._rig.scenario = scenario
        yield self._rig

    def close(self) -> None:
        """End the shared control plane."""
        if self._rig is not None:
            self._rig.__exit__(None, None, None)
            self._rig = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """``full``, ``smoke``: sizes of the two forms; without ``smoke`` it is not in that form.
    ``minutes``: how long the full form takes on two cores. ``named_only``: runs only if named;
    ``needs``: only if named, or if this variable is set."""

    name: str
    text: str
    run: Callable[[Bench, Sizes], Result]
    full: Sizes
    smoke: Sizes | None = None
    minutes: float = 1.0
    named_only: bool = False
    needs: str | None = None

    @property
    def usual(self) -> bool:
        """Whether it is in the full form, here and now."""
        return not self.named_only and (self.needs is None or self.needs in os.environ)
