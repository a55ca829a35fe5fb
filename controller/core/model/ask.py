"""A question to a gate, as a plan contains it."""

from __future__ import annotations

from dataclasses import dataclass

from controller.api.gate import Gate
from controller.api.ids import Ids
from controller.core.verdicts.builtin import Evidence


@dataclass(frozen=True, slots=True)
class AskGate:
    """Ask a gate of the Update named ``update`` about a group. ``run`` identifies the run of the
    gate, ``question`` one verdict within the run. ``updated``: ids of instances that run the new
    revision; ``baseline``: ids of instances to compare them with; ``due``: epoch seconds."""

    gate: Gate
    update: str
    group: int
    run: str
    updated: Ids
    baseline: Ids
    due: float = 0.0
    question: str = ""
    #: How many instances are updated or have failed; -1 if an updated instance is not Ready.
    through: int = 0
    #: What a `builtin` gate judges; None for the other kinds.
    evidence: Evidence | None = None
