"""Gates as a user would write them, and their state in an Update."""

from __future__ import annotations

from typing import Any

from hack.harness.manifests import Object, job

#: Each instance has its own address in 127/8, where a server of the test listens.
POD_IP = "127.0.1.{{echelon.instance}}"


def gate(name: str = "g", **fields: Any) -> Object:
    """A gate that is asked every second."""
    return {"name": name, "intervalSeconds": 1, **fields}


def gated(*gates: Object, instances: int = 2, **policy: Any) -> Object:
    """A Job with gates. ``spec`` in ``policy``: additional fields of its spec."""
    spec = policy.pop("spec", {})
    return job(instances=instances, update={"gates": list(gates), **policy}, **spec)


def state(update: Object, name: str = "g") -> Object:
    """The entry of one gate in ``status.gates``. Empty before its first run."""
    found = update.get("status", {}).get("gates", ())
    return next((each for each in found if each["name"] == name), {})


def turn(update: Object, phase: str) -> Object:
    """The newest transition into ``phase``."""
    found: Object = next(h for h in update["status"]["history"] if h["phase"] == phase)
    return found
