"""The figures of a scenario."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. ``limit`` is its largest allowed value, None if it has no target."""

    scenario: str
    what: str
    value: float
    unit: str = ""
    limit: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target was met. None if there is no target."""
        return None if self.limit is None else self.value <= self.limit

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}
