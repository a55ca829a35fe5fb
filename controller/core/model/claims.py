"""The PersistentVolumeClaims of a Job as decisions see them, and the actions on them.

A claim belongs to one instance and one of `spec.volumeClaimTemplates`. Kubernetes binds claims and
deletes those whose owners are gone; the operator creates them and writes their owners only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from controller.api.ids import NONE, Ids

BOUND: Final = "Bound"
LOST: Final = "Lost"


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim. ``template``: name of its claim template; ``phase``: Pending, Bound
    or Lost; ``deleted``: it is being deleted; ``job``: uid of the EchelonJob that owns it, ``pod``:
    uid of the instance's pod that owns it, "" for none; ``controlled``: it has a controller, so it
    is somebody else's; ``spec``: canonical JSON of its spec, without what differs in each claim."""

    template: str
    instance: int
    name: str
    uid: str
    phase: str = ""
    deleted: bool = False
    job: str = ""
    pod: str = ""
    controlled: bool = False
    spec: bytes = b"{}"


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of one Job, by the names of their templates, and what they have in common.

    ``of_job``: ids whose claim the Job owns; ``of_pods``: ids whose claim a pod owns; ``making``:
    ids whose claims are being created; ``owning``: uids of claims whose owners are being written;
    ``specs``: template -> spec -> ids. ``followed``: whether the operator sees all claims;
    ``problem``: why it does not.
    """

    known: Mapping[tuple[str, int], Claim] = field(default_factory=dict)
    present: Mapping[str, Ids] = field(default_factory=dict)
    deleted: Mapping[str, Ids] = field(default_factory=dict)
    controlled: Mapping[str, Ids] = field(default_factory=dict)
    unbound: Mapping[str, Ids] = field(default_factory=dict)
    of_job: Mapping[str, Ids] = field(default_factory=dict)
    of_pods: Mapping[str, Ids] = field(default_factory=dict)
    specs: Mapping[str, Mapping[bytes, Ids]] = field(default_factory=dict)
    making: Ids = NONE
    owning: frozenset[str] = frozenset()
    followed: bool = True
    problem: str = ""


#: What a decision finds while nobody watches claims.
NOT_FOLLOWED: Final = Claims(followed=False)


@dataclass(frozen=True, slots=True)
class MakeClaims:
    """Create the claims that an instance lacks, of these claim templates, in this order. A claim
    that exists by now is used as it is."""

    instance: int
    templates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """Make the Job an owner of a claim, or the pod ``pod`` (name and uid), and end any other
    ownership of ours. Owners that others have written stay."""

    instance: int
    name: str
    uid: str
    job: bool
    pod: tuple[str, str] | None = None

    @property
    def key(self) -> tuple[Literal["own"], str]:
        return ("own", self.uid)
