"""Claims that the API server must refuse, as changes of a valid Job; see `bad_objects`."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

_DATA: Object = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
_SHARED: Object = {"metadata": {"name": "files"}, "spec": {"accessModes": ["ReadWriteMany"]}}


def _spec(*templates: Object, **fields: Any) -> Object:
    return {"spec": {"volumeClaimTemplates": list(templates), **fields}}


#: The change, and texts that the refusal must contain; the first is the field.
CLAIMS: dict[str, tuple[Object, tuple[str, ...]]] = {
    "a claim template without a name": (
        _spec({"metadata": {}, "spec": {}}),
        ("spec.volumeClaimTemplates[0].metadata.name", "Required value"),
    ),
    "a claim template without a spec": (
        _spec({"metadata": {"name": "data"}}),
        ("spec.volumeClaimTemplates[0].spec", "Required value"),
    ),
    "a claim template with a long name": (
        _spec({**_DATA, "metadata": {"name": "d" * 64}}),
        ("spec.volumeClaimTemplates[0].metadata.name", "63"),
    ),
    "a claim template with a dot in its name": (
        _spec({**_DATA, "metadata": {"name": "my.data"}}),
        ("spec.volumeClaimTemplates[0].metadata.name", "should match"),
    ),
    "two claim templates of one name": (
        _spec(_DATA, _SHARED, _DATA),
        ("spec.volumeClaimTemplates", "give each its own name"),
    ),
    "17 claim templates": (
        _spec(*({**_DATA, "metadata": {"name": f"d{i}"}} for i in range(17))),
        ("spec.volumeClaimTemplates", "at most 16"),
    ),
    "Surge with a claim for one node": (
        _spec(_SHARED, _DATA, update={"replacement": "Surge"}),
        ("spec.update.replacement", "accessModes: [ReadWriteMany]"),
    ),
    "claims of a run": (
        _spec(_DATA, type="Adhoc"),
        ("spec.volumeClaimTemplates", "not supported with types Cron and Adhoc"),
    ),
    "the retention of claims of a run": (
        {"spec": {"type": "Adhoc",
                  "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}},
        ("spec.persistentVolumeClaimRetentionPolicy", "not supported with types Cron and Adhoc"),
    ),
    "an unknown retention": (
        _spec(_DATA, persistentVolumeClaimRetentionPolicy={"whenScaled": "Recycle"}),
        ("spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Retain", "Delete"),
    ),
}  # fmt: skip

#: Changes of a valid Job that the API server must accept.
GOOD_CLAIMS: dict[str, Object] = {
    "a template copied from a StatefulSet": _spec(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            **_DATA,
            "status": {},
        }
    ),
    "Surge with a claim for many nodes": _spec(_SHARED, update={"replacement": "Surge"}),
    "both": _spec(_DATA, _SHARED, persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"}),
}
