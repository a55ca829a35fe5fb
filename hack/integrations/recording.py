"""The file of recorded stories, tests/gitops/recorded.jsonl.

A line has a story, whether it is healthy, and all versions of its Jobs and Updates in the order in
which they were stored: each as a JSON merge patch of the version before. What neither tools nor
tests read is left out; of versions that are the same without it one is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hack.harness.manifests import Object
from hack.harness.sightings import Seen
from hack.integrations import ROOT

FILE: Final = ROOT / "tests" / "gitops" / "recorded.jsonl"
_VERSION: Final = "echelon.dev/v1alpha1"
#: What is kept: of metadata, of a Job's spec, of a status and of its policy and failures.
_METADATA: Final = {
    *("name", "namespace", "uid", "generation"),
    *("deletionTimestamp", "finalizers"),
}
_SPEC: Final = {"instances", "frozen"}
_STATUS: Final = {
    "observedGeneration",
    *("activeUpdate", "assigned", "availableInstances", "instancesInForce", "lastAttempt"),
    *("updateRevision", "frozen"),
    *("phase", "reason", "counts", "failures", "instances", "jobUID", "policy", "restart"),
    *("to", "turn", "observedResumeToken"),
}
_POLICY: Final = {"strategy", "pulseIntervalSeconds", "maxFailuresPerInstance"}
_FAILURE: Final = {"instance", "attempt", "reason", "time"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """``healthy``: nothing failed in the story; ``present``: the objects that were not deleted in
    it, as ``kind/name``."""

    story: str
    healthy: bool
    versions: tuple[Object, ...]
    present: frozenset[str]


def objects(events: Iterable[Seen]) -> Iterator[Object]:
    """The versions of Jobs and Updates that these events show."""
    for seen in events:
        if seen.kind in ("EchelonJob", "Update") and seen.type != "DELETED":
            yield {**seen.object, "kind": seen.kind, "apiVersion": _VERSION}


def line(story: str, healthy: bool, versions: Iterable[Object], present: Iterable[str]) -> str:
    """A line of the file: what `Recorded` has."""
    known: dict[str, Object] = {}
    patches = []
    for obj in versions:
        name, now = f"{obj['kind']}/{obj['metadata']['name']}", _slim(obj)
        if patch := _patch(known.get(name, {}), now):
            patches.append({name: patch})
        known[name] = now
    found = {"story": story, "healthy": healthy, "versions": patches, "present": sorted(present)}
    return json.dumps(found, sort_keys=True, separators=(",", ":"))


def read(path: Path = FILE) -> Iterator[Recorded]:
    """The recorded stories."""
    for text in path.read_text(encoding="utf-8").splitlines():
        found = json.loads(text)
        versions = tuple(_versions(found["versions"]))
        yield Recorded(found["story"], found["healthy"], versions, frozenset(found["present"]))


def _versions(patches: Iterable[Object]) -> Iterator[Object]:
    known: dict[str, Object] = {}
    for each in patches:
        ((name, patch),) = each.items()
        known[name] = _patched(known.get(name, {}), patch)
        yield _whole(known[name], name)


def _slim(obj: Object) -> Object:
    """What is kept of an object, with its conditions by type."""
    status = _of(obj.get("status", {}), _STATUS)
    if "policy" in status:
        status["policy"] = _of(status["policy"], _POLICY)
    if "failures" in status:
        status["failures"] = [_of(each, _FAILURE) for each in status["failures"]]
    status["conditions"] = {
        each["type"]: f"{each['status']}/{each['reason']}"
        for each in obj.get("status", {}).get("conditions", ())
    }
    spec = obj.get("spec", {})
    spec = spec if obj["kind"] == "Update" else _of(spec, _SPEC)
    return {"metadata": _of(obj["metadata"], _METADATA), "spec": spec, "status": status}


def _whole(slim: Object, name: str) -> Object:
    """The object of `_slim`, as far as it is known."""
    status = dict(slim["status"])
    status["conditions"] = [
        {"type": kind, "status": said.partition("/")[0], "reason": said.partition("/")[2]}
        for kind, said in status["conditions"].items()
    ]
    return {**slim, "apiVersion": _VERSION, "kind": name.partition("/")[0], "status": status}


def _of(found: Object, fields: set[str]) -> Object:
    return {name: value for name, value in found.items() if name in fields}


def _patch(before: Object, after: Object) -> Object:
    """The JSON merge patch that makes the one of the other."""
    patch: dict[str, Any] = dict.fromkeys(before.keys() - after.keys())
    for name, value in after.items():
        old = before.get(name)
        if isinstance(value, dict) and isinstance(old, dict):
            if inner := _patch(old, value):
                patch[name] = inner
        elif value != old:
            patch[name] = value
    return patch


def _patched(before: Object, patch: Object) -> Object:
    made = dict(before)
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        elif isinstance(value, dict):
            old = made.get(name)
            made[name] = _patched(old if isinstance(old, dict) else {}, value)
        else:
            made[name] = value
    return made
