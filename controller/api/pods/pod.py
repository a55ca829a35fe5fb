"""The slim Pod: the few facts of a pod that decide anything; `slim` reads them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a pod is not what it should be: a reason in CamelCase, the words of who said so.

    ``at``: epoch seconds at which its last container ended, if that is the trouble.
    """

    reason: str
    message: str = ""
    exit_code: int | None = None
    at: float | None = None

    @property
    def words(self) -> str:
        """``<reason>: <message>``, or the reason alone."""
        return f"{self.reason}: {self.message}".rstrip(": ")


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of one instance. Times are epoch seconds; ``uid`` is empty while it is being made."""

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
    #: Of its containers and sidecars, without those that a change in place made.
    restarts: int = 0
    #: When the last one of them was; 0: never.
    restarted: float = 0.0
    ran: bool = False
    disrupted: bool = False
    node: str = ""
    ip: str = ""
    trouble: Trouble | None = None
    #: The grace period of its deletion in seconds; None: it is not being deleted.
    grace: int | None = None
    #: What keeps it although it is being deleted: each is for its owner to remove.
    finalizers: tuple[str, ...] = ()
    #: When it was last changed in place; 0: never.
    changed: float = 0.0
    #: Whether that change has taken effect (contract rule 16).
    in_effect: bool = True
    #: The revision that a change in place, begun and not finished, goes to; "" for none.
    changing_to: str = ""
    #: The kubelet says that its node can never do that change.
    infeasible: bool = False
    #: When the scheduler gave it to its node, and when that node's kubelet took it; 0: not yet.
    bound: float = 0.0
    taken_at: float = 0.0
    #: It was seen to be good (kept by the store, not read from the pod).
    was_good: bool = False
    #: What its node stamped of ``ready_since``, ``restarted``, ``trouble.at`` and ``taken_at``,
    #: once these say what counts (`core.sighting`).
    stamps: tuple[float, ...] = ()
    #: Kind and name of the controller that owns it, if that is no Job of ours.
    foreign_controller: str = ""
    # Not a fact: two versions of a pod that differ in nothing else are the same to us.
    resource_version: int = field(default=0, compare=False)
    #: Only its metadata was read: a create is answered without spec and status.
    partial: bool = field(default=False, compare=False)

    @property
    def ended(self) -> bool:
        return self.phase in ("Failed", "Succeeded")

    @property
    def since(self) -> float:
        """Since when it should become good: its making or its last change in place."""
        return max(self.created, self.changed)

    @property
    def slot(self) -> tuple[int, bool]:
        return (self.instance, self.surge)


def slot_of(job: str, name: str) -> tuple[int, bool] | None:
    """``(instance, surge)`` of a pod called ``<job>-<id>`` or ``<job>-<id>-s``, else None."""
    if not job or not name.startswith(f"{job}-"):
        return None
    tail = name[len(job) + 1 :]
    surge = tail.endswith("-s")
    number = tail[:-2] if surge else tail
    if not number.isdecimal() or len(number) > 4 or str(int(number)) != number:
        return None
    return int(number), surge
