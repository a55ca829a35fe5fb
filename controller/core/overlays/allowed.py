"""What a patch must not set: what Echelon itself puts on pods, and ``restartPolicy``."""

from __future__ import annotations

from typing import Any

from controller.api import labels
from controller.core.overlays.problem import below


def forbidden(patch: dict[str, Any]) -> str:
    """The first field of a patch that it must not set; "" if there is none. To delete one of them
    is not allowed either."""
    metadata, spec = patch.get("metadata"), patch.get("spec")
    for field in ("labels", "annotations"):
        given = metadata.get(field) if isinstance(metadata, dict) else None
        for key in given if isinstance(given, dict) else ():
            if key == labels.MANAGED_BY or _is_ours(key):
                return below(f"metadata.{field}", key)
    if not isinstance(spec, dict):
        return ""
    if "restartPolicy" in spec:
        return "spec.restartPolicy"
    gates = spec.get("readinessGates")
    for gate in gates if isinstance(gates, list) else ():
        kind = gate.get("conditionType") if isinstance(gate, dict) else None
        if isinstance(kind, str) and _is_ours(kind):
            return f"spec.readinessGates[{kind}]"
    return ""


def _is_ours(key: str) -> bool:
    return key.startswith(f"{labels.GROUP}/")
