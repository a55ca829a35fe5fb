"""What one scenario under one fault has shown: a row of the table."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any


@dataclass(slots=True)
class Row:
    """``tried``: how many times the fault was tried. ``broken``: what must never happen and did, in
    words. ``seconds``: how long the operator took to recover, in each try that shows it. ``limit``:
    the most that may be (None: no limit)."""

    scenario: str
    fault: str
    tried: int = 0
    broken: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    limit: float | None = None
    note: str = ""

    @property
    def late(self) -> int:
        """How many tries took longer than the limit."""
        return 0 if self.limit is None else sum(each > self.limit for each in self.seconds)

    @property
    def good(self) -> bool:
        return self.tried > 0 and not self.broken and not self.late

    def quantile(self, percent: float) -> float | None:
        """The smallest time that so many percent of the tries did not exceed."""
        if not self.seconds:
            return None
        return sorted(self.seconds)[max(0, ceil(len(self.seconds) * percent / 100) - 1)]

    def json(self) -> dict[str, Any]:
        return asdict(self)
