"""The largest allowed values of figures, from `budgets.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from hack.bench.figures import Figure

PATH = Path(__file__).parent / "budgets.toml"
#: Values by scenario and figure.
Values = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Budgets:
    """``tolerance``: what the smoke form multiplies its values with."""

    tolerance: float
    smoke: Values
    full: Values

    @classmethod
    def read(cls, path: Path = PATH) -> Budgets:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return cls(float(found["tolerance"]), found["smoke"], found["full"])

    def limit(self, figure: Figure, smoke: bool) -> float | None:
        """The largest allowed value of a figure. None if it has no budget."""
        values = self.smoke if smoke else self.full
        found = values.get(figure.scenario, {}).get(figure.what)
        if found is None:
            return None
        return found * self.tolerance if smoke else found

    def judge(self, figures: Iterable[Figure], smoke: bool) -> list[Figure]:
        """The figures with their limits. A limit that a scenario has computed stays."""
        judged = []
        for figure in figures:
            limit = self.limit(figure, smoke)
            judged.append(figure if limit is None else replace(figure, limit=limit))
        return judged

    def unmeasured(
        self, scenario: str, figures: Iterable[Figure], skipped: Container[str], smoke: bool
    ) -> list[str]:
        """Budgets of a scenario for which there is no figure, such as a misspelt one. Ratios to
        contestants that were ``skipped`` are not missed."""
        there = {figure.what for figure in figures}
        values = self.smoke if smoke else self.full
        return [
            what
            for what in values.get(scenario, {})
            if what not in there and what.rpartition("÷ ")[2] not in skipped
        ]
