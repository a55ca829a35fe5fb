"""Who can be measured: Echelon, the floor, and other controllers."""

from __future__ import annotations

from hack.bench.contestants.argo import Argo
from hack.bench.contestants.base import Contestant
from hack.bench.contestants.cloneset import CloneSet
from hack.bench.contestants.deployment import Deployment
from hack.bench.contestants.echelon import Echelon
from hack.bench.contestants.floor import Floor, Reference
from hack.bench.contestants.statefulset import StatefulSet
from hack.bench.limits import DEFAULT, RAISED, Limits

#: By name: the class and the limits. The order is that of the turns.
ALL: dict[str, tuple[type[Contestant], Limits]] = {
    "echelon": (Echelon, RAISED),
    "floor": (Floor, RAISED),
    "reference": (Reference, RAISED),
    "deployment": (Deployment, RAISED),
    "statefulset": (StatefulSet, RAISED),
    "cloneset": (CloneSet, RAISED),
    "argo": (Argo, RAISED),
    "deployment-default": (Deployment, DEFAULT),
    "statefulset-default": (StatefulSet, DEFAULT),
    "cloneset-default": (CloneSet, DEFAULT),
    "argo-default": (Argo, DEFAULT),
}
#: Measured if no contestant is named. The others take long, or need programs that must be given.
USUAL = ("echelon", "floor", "deployment", "statefulset")


def missing(name: str) -> str | None:
    """Why a contestant cannot be measured here: None, or what must be given."""
    return ALL[name][0].missing()
