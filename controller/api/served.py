"""Compares the schemas that an API server serves for Echelon's kinds with those of this version.

The API server drops fields that are not in its schema without a word. An operator that is newer
than the CRDs would store intent that is lost; a user's field would be lost, too. An operator that
is older than the CRDs loses nothing: it leaves alone each object whose spec it cannot read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.api.crds import all_crds
from controller.api.schema import PRESERVE, Schema

#: Beginnings of the paths that the operator writes, by plural.
_WRITTEN: Final = {
    "echelonjobs": ("status",),
    "updates": ("status", "spec.job", "spec.force", "spec.paused"),
}
#: Kinds without which Jobs are served as well.
_APART: Final = frozenset({"maintenances"})
_ROOT: Final = frozenset({"apiVersion", "kind", "metadata"})
#: Number of fields that a message names.
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Differences:
    """Paths of fields, as ``updates.status.turn``, or of words: ``updates.status.phase=Pending``.

    ``lost``: the operator writes them, and the API server drops or refuses them: no Job can be
    served. ``missing``: users cannot set them. ``newer``: only a newer operator knows them.
    ``apart``: kinds and fields that are absent or would be lost, and that no Job needs.
    """

    absent: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()

    @property
    def obstacle(self) -> str | None:
        """Why no Job can be served, and what helps; None if Jobs can be served."""
        if self.absent:
            return f"the API server does not serve {' and '.join(self.absent)}; install the CRDs"
        if self.lost:
            return (
                "the CRDs are older than this operator: they lack fields that it writes "
                f"({_listed(self.lost)}); apply the CRDs of this version"
            )
        return None

    def notes(self) -> Iterator[str]:
        """What else a person should know, a sentence each."""
        if self.missing:
            yield (
                "the CRDs are older than this operator: users cannot set some fields "
                f"({_listed(self.missing)}); apply the CRDs of this version"
            )
        if self.apart:
            yield (
                "the CRDs are older than this operator: Maintenances need more "
                f"({_listed(self.apart)}); apply the CRDs of this version"
            )
        if self.newer:
            yield (
                "the CRDs are newer than this operator: a Job or an Update that uses a field or "
                f"word that it does not know is left alone ({_listed(self.newer)})"
            )


def compare(served: Mapping[str, Any]) -> Differences:
    """Compare with what the API server publishes for the group and version under `/openapi/v3`."""
    by_kind = dict(_by_kind(served))
    absent, lost, missing, newer = list[str](), list[str](), list[str](), list[str]()
    apart = list[str]()
    for name, plural, kind, version, wanted in _WANTED:
        if (there := by_kind.get((kind, version))) is None:
            (apart if plural in _APART else absent).append(name)
            continue
        for path in _only_in(wanted, there):
            written = path.startswith(_WRITTEN.get(plural, ()))
            found = apart if plural in _APART else lost if written else missing
            found.append(f"{plural}.{path}")
        newer += [f"{plural}.{path}" for path in _only_in(there, wanted)]
    return Differences(tuple(absent), tuple(lost), tuple(missing), tuple(newer), tuple(apart))


def _by_kind(served: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Schema]]:
    for schema in served.get("components", {}).get("schemas", {}).values():
        for each in schema.get("x-kubernetes-group-version-kind", ()):
            yield (each["kind"], each["version"]), schema


def _only_in(one: Schema, other: Schema, path: str = "") -> Iterator[str]:
    """Paths of the fields and words that the first schema has and the second would drop or
    refuse."""
    if "enum" in one and "enum" in other:
        yield from (f"{path}={word}" for word in one["enum"] if word not in other["enum"])
    known = other.get("properties", {})
    for name, schema in one.get("properties", {}).items():
        below = f"{path}.{name}" if path else name
        if below in _ROOT:
            continue
        if name in known:
            yield from _only_in(schema, known[name], below)
        elif not other.get(PRESERVE):
            yield below
    if "items" in one and "items" in other:
        yield from _only_in(one["items"], other["items"], f"{path}[]")
    if isinstance(values := one.get("additionalProperties"), dict) and isinstance(
        others := other.get("additionalProperties"), dict
    ):
        yield from _only_in(values, others, f"{path}{{}}")


def _bare(schema: Schema) -> Schema:
    """The schema with only the keys that are compared."""
    bare = {key: schema[key] for key in ("enum", PRESERVE) if key in schema}
    if "properties" in schema:
        bare["properties"] = {name: _bare(each) for name, each in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(below := schema.get(key), dict):
            bare[key] = _bare(below)
    return bare


def _wanted() -> Iterator[tuple[str, str, str, str, Schema]]:
    for crd in all_crds():
        names, (version,) = crd["spec"]["names"], crd["spec"]["versions"]
        schema = _bare(version["schema"]["openAPIV3Schema"])
        yield crd["metadata"]["name"], names["plural"], names["kind"], version["name"], schema


def _listed(paths: Iterable[str]) -> str:
    paths = list(paths)
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more


#: Name, plural, kind, version and schema of each CRD of this version. They are made at import,
#: because that takes 70 ms, in which an event loop would be blocked.
_WANTED: Final = tuple(_wanted())
