"""The annotations by which a Maintenance asks the Job to move a pod's instance to another node.

``echelon.dev/move``           ``<name>/<uid>`` of the Maintenance
``echelon.dev/move-deadline``  from when on the pod goes regardless (RFC 3339); absent: never
``echelon.dev/move-sla``       the Maintenance's `spec.sla` as JSON, for a Job without one
``echelon.dev/moved-from``     set by the Job's operator: this pod was created beside the marked pod
                               with this uid, to take its place (replacement ``Surge``)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pydantic import ValidationError

from controller.api import labels
from controller.api.meta import parse_time
from controller.api.sla import MaintenanceSla

#: Characters of an agreement that are read; a longer one is none of the operator's.
MAX_SLA = 256


@dataclass(frozen=True, slots=True)
class Move:
    """``mark``: the value of ``echelon.dev/move``; ``deadline``: epoch seconds, infinite for never;
    ``sla``: the Maintenance's; ``successor_of``: uid of the marked pod that this one is to replace;
    "" if this pod itself is to leave its node."""

    mark: str
    deadline: float = math.inf
    sla: MaintenanceSla | None = None
    successor_of: str = ""

    @staticmethod
    def of(annotations: Mapping[str, str]) -> Move | None:
        """The move that these annotations ask for; None if they ask for none. An unreadable
        deadline or agreement counts as absent."""
        get = annotations.get
        mark, successor_of = get(labels.MOVE, ""), get(labels.MOVED_FROM, "")
        if not mark and not successor_of:
            return None
        # A successor whose mark somebody has taken away stays one.
        return _read(mark, get(labels.MOVE_DEADLINE, ""), get(labels.MOVE_SLA, ""), successor_of)

    @property
    def maintenance(self) -> str:
        """The name of the Maintenance."""
        return self.mark.partition("/")[0]

    def successor(self, uid: str) -> Move:
        """The move that the pod bears which is created beside this move's pod, whose uid is
        given."""
        return Move(self.mark, successor_of=uid)

    @property
    def annotations(self) -> dict[str, str]:
        """The annotations of a successor."""
        return {labels.MOVE: self.mark, labels.MOVED_FROM: self.successor_of}


# The pods of a node have the same mark, so each is read and kept once.
@lru_cache(maxsize=1024)
def _read(mark: str, deadline: str, sla: str, successor_of: str) -> Move:
    return Move(mark, _moment(deadline), _sla(sla), successor_of)


def _moment(text: str) -> float:
    try:
        return parse_time(text) if text else math.inf
    except ValueError:
        return math.inf


def _sla(text: str) -> MaintenanceSla | None:
    if not text or len(text) > MAX_SLA:
        return None
    try:
        return MaintenanceSla.model_validate(json.loads(text))
    except (ValueError, RecursionError, ValidationError):
        return None
