"""The claims of one Job, kept so that neither an event nor a decision looks at all of them."""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.ids import NONE, Ids
from controller.core.model.claims import BOUND, Claim, Claims

#: The name of a set, the claim template, and what tells sets of one name apart.
_Key = tuple[str, str, str | bytes]


class ClaimIndex:
    """Claims by template and instance, and for each fact the ids whose claim shows it."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, int], Claim] = {}
        self._sets: dict[_Key, int] = {}
        #: Ids whose claims are being created.
        self._making = NONE

    @property
    def empty(self) -> bool:
        """Whether nothing is known, so that the index can be dropped."""
        return not self.known and not self._making

    def put(self, claim: Claim) -> None:
        """Take a version of a claim."""
        slot = (claim.template, claim.instance)
        if (before := self.known.get(slot)) is not None:
            self._mark(before, False)
        self.known[slot] = claim
        self._mark(claim, True)

    def drop(self, claim: Claim) -> None:
        """A claim is gone."""
        slot = (claim.template, claim.instance)
        if (known := self.known.get(slot)) is not None and known.uid == claim.uid:
            self._mark(known, False)
            del self.known[slot]

    def begin(self, instance: int) -> None:
        """The claims of an instance are being created."""
        self._making |= Ids([instance])

    def end(self, instance: int) -> None:
        """That has ended, one way or another."""
        self._making -= Ids([instance])

    def view(
        self, job: str, followed: bool, problem: str, owning: frozenset[str] = frozenset()
    ) -> Claims:
        """What a decision about the Job with uid ``job`` finds. ``owning``: uids of claims whose
        owners are being written."""
        specs = dict[str, dict[bytes, Ids]]()
        for (kind, name, spec), bits in self._sets.items():
            if kind == "spec" and isinstance(spec, bytes):
                specs.setdefault(name, {})[spec] = Ids.of_bits(bits)
        return Claims(
            self.known,
            self._of("present"),
            self._of("deleted"),
            self._of("controlled"),
            self._of("unbound"),
            self._of("job", job),
            self._of("pod"),
            specs,
            self._making,
            owning,
            followed,
            problem,
        )

    def _of(self, kind: str, about: str = "") -> dict[str, Ids]:
        """Template -> ids of the sets of this kind."""
        return {
            name: Ids.of_bits(bits)
            for (of, name, what), bits in self._sets.items()
            if of == kind and what == about
        }

    def _mark(self, claim: Claim, add: bool) -> None:
        bit = 1 << claim.instance
        for key in _facts(claim):
            bits = self._sets.get(key, 0)
            self._sets[key] = bits | bit if add else bits & ~bit
            if not self._sets[key]:
                del self._sets[key]


def _facts(claim: Claim) -> Iterator[_Key]:
    name = claim.template
    yield "present", name, ""
    yield "spec", name, claim.spec
    if claim.deleted:
        yield "deleted", name, ""
    if claim.controlled:
        yield "controlled", name, ""
    if claim.phase != BOUND:
        yield "unbound", name, ""
    if claim.job:
        yield "job", name, claim.job
    if claim.pod:
        yield "pod", name, ""
