"""The slim Pod: the few facts of a pod on which decisions depend; `slim` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import msgspec
from msgspec import structs

from controller.api.pods.containers import NONE, Containers
from controller.api.pods.move import Move


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a pod: a reason in CamelCase and a message, both from its source.

    ``at``: epoch seconds at which the last container of the pod ended; None if no end is the cause.
    """

    reason: str
    message: str = ""
    exit_code: int | None = None
    at: float | None = None

    @property
    def words(self) -> str:
        """``<reason>: <message>``, or the reason alone."""
        return f"{self.reason}: {self.message}".rstrip(": ")


class Pod(msgspec.Struct, frozen=True, gc=False):
    """One pod of one instance. Times are epoch seconds; ``uid`` is empty until it is created."""

    namespace: str
    name: str
    uid: str
    job: str
    owner: str
    instance: int
    surge: bool = False
    revision: str = ""
    update: str = ""
    failures: int = 0
    remade: int = 0
    labelled: bool = True
    created: float = 0.0
    deleted: float | None = None
    phase: str = "Pending"
    ready: bool = False
    ready_since: float = 0.0
    #: Restarts of its containers and sidecars, except those that a change in place caused.
    restarts: int = 0
    #: Time of the last of these restarts; 0: no restart.
    restarted: float = 0.0
    ran: bool = False
    disrupted: bool = False
    node: str = ""
    ip: str = ""
    trouble: Trouble | None = None
    #: Exit code of the first container that ended with another one than 0; else 0.
    exit_code: int = 0
    #: Grace period of its deletion in seconds; None: the pod is not being deleted.
    grace: int | None = None
    #: Finalizers that delay its deletion; empty if the pod is not being deleted.
    finalizers: tuple[str, ...] = ()
    #: When it was last changed in place; 0: never.
    changed: float = 0.0
    #: Whether that change has taken effect (contract rule 16).
    in_effect: bool = True
    #: The revision to which an unfinished change in place changes the pod; "": no such change.
    changing_to: str = ""
    #: Whether it was resized, and its labels and annotations are still to be changed.
    unfinished: bool = False
    #: Whether the kubelet reports that the node can never carry out that change.
    infeasible: bool = False
    #: When the scheduler bound it to a node, and when the kubelet of that node accepted it; 0: not
    #: yet.
    bound: float = 0.0
    taken_at: float = 0.0
    #: Whether the pod was good at some time (kept by the store, not read from the pod).
    was_good: bool = False
    #: The node's own stamps of ``ready_since``, ``restarted``, ``trouble.at`` and ``taken_at`` (0:
    #: none), for `core.sighting` replaces these fields by the times that count.
    stamps: tuple[float, ...] = ()
    #: Kind and name of the controller that owns it; "" if that is an EchelonJob or there is none.
    foreign_controller: str = ""
    #: The move that a Maintenance asks for; None: none.
    move: Move | None = None
    resource_version: int = 0
    #: What a change of images in place needs to know.
    containers: Containers = NONE
    #: Whether only its metadata was read: the answer to a create has no spec and status.
    partial: bool = False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pod):
            return NotImplemented
        alike = structs.replace(
            other,
            resource_version=self.resource_version,
            containers=self.containers,
            partial=self.partial,
        )
        return super().__eq__(alike)

    __hash__ = None  # type: ignore[assignment]

    @property
    def ended(self) -> bool:
        return self.phase in ("Failed", "Succeeded")

    @property
    def since(self) -> float:
        """When the deadline to become good starts: at creation or at the last change in place."""
        return max(self.created, self.changed)

    @property
    def slot(self) -> tuple[int, bool]:
        return _slot(self.instance, self.surge)


# The slot of a pod is the key of several dicts, so it is kept once.
@lru_cache(maxsize=20_000)
def _slot(instance: int, surge: bool) -> tuple[int, bool]:
    return instance, surge


def stamps_of(
    ready_since: float, restarted: float, trouble: Trouble | None, taken_at: float
) -> tuple[float, ...]:
    """The four moments of `Pod.stamps`, in their order; 0 where there is none."""
    return ready_since, restarted, (trouble.at if trouble else None) or 0.0, taken_at


def slot_of(job: str, name: str) -> tuple[int, bool] | None:
    """``(instance, surge)`` of a pod named ``<job>-<id>`` or ``<job>-<id>-s``; None for others."""
    if not job or not name.startswith(f"{job}-"):
        return None
    tail = name[len(job) + 1 :]
    surge = tail.endswith("-s")
    number = tail[:-2] if surge else tail
    if not number.isdecimal() or len(number) > 4 or str(int(number)) != number:
        return None
    return _slot(int(number), surge)
