"""One CEL rule of a schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of ``x-kubernetes-validations``."""

    expression: str
    message: str
    field: str = ""

    def wire(self) -> dict[str, Any]:
        """The rule as JSON data of the schema."""
        entry = {"rule": self.expression, "message": self.message}
        return {**entry, "fieldPath": self.field} if self.field else entry
