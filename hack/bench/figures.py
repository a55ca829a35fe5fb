"""What a scenario found out, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; ``limit`` is what it may be at most, None if it only informs."""

    scenario: str
    what: str
    value: float
    unit: str = ""
    limit: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target was met; None without one."""
        return None if self.limit is None else self.value <= self.limit

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}
