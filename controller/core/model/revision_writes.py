"""The reads and writes of ControllerRevisions, as a plan contains them."""

from __future__ import annotations

from dataclasses import dataclass

from controller.core.revisions.provenance import UNKNOWN, Provenance


@dataclass(frozen=True, slots=True)
class ReadRevision:
    """GET a ControllerRevision for its template."""

    name: str


@dataclass(frozen=True, slots=True)
class EnsureRevision:
    """Create the present template's ControllerRevision, or raise the ``.revision`` of an existing
    one to a number. ``provenance``: what is written to its annotations with that."""

    revision: str
    number: int
    provenance: Provenance = UNKNOWN


@dataclass(frozen=True, slots=True)
class StampRevision:
    """Write the source of the present template to its ControllerRevision, which exists."""

    revision: str
    source: str


@dataclass(frozen=True, slots=True)
class ReleaseRevisions:
    """Remove the Job from the owner references of ControllerRevisions, which outlive the Job."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AdoptRevisions:
    """Make the Job the owner of ControllerRevisions that a former Job of the same name left."""

    names: tuple[str, ...]
