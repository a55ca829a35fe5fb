"""What two pods of one instance would have to share while one surges."""

from __future__ import annotations

import json
from typing import Any

_INSTANCE = "{{echelon.instance}}"


def shared_volume(template: bytes) -> str | None:
    """The first claim of a canonical template that is each instance's own, so most likely for one
    pod at a time (ReadWriteOnce); None: there is none. A claim that all instances mount together
    bears a second pod of one of them as well."""
    spec = _map(_map(json.loads(template)).get("spec"))
    volumes = spec.get("volumes")
    for volume in volumes if isinstance(volumes, list) else ():
        claim = _map(_map(volume).get("persistentVolumeClaim")).get("claimName")
        if isinstance(claim, str) and _INSTANCE in claim:
            return claim
    return None


def _map(value: Any) -> dict[str, Any]:
    """What is not shaped like a template has nothing to share."""
    return value if isinstance(value, dict) else {}
