"""Gates as a user would write them, and what is to be seen of them in an Update."""

from __future__ import annotations

from typing import Any

from tests.integration.harness.manifests import Object, job

#: An instance of its own address, in 127/8 where a server of the test listens.
POD_IP = "127.0.1.{{echelon.instance}}"


def gate(name: str = "g", **fields: Any) -> Object:
    """A gate that is asked each second."""
    return {"name": name, "intervalSeconds": 1, **fields}


def gated(*gates: Object, instances: int = 2, **policy: Any) -> Object:
    """A Job with gates; ``spec`` in ``policy`` are further fields of its spec."""
    spec = policy.pop("spec", {})
    return job(instances=instances, update={"gates": list(gates), **policy}, **spec)


def state(update: Object, name: str = "g") -> Object:
    """``status.gates`` of one gate; empty before it is due."""
    found = update.get("status", {}).get("gates", ())
    return next((each for each in found if each["name"] == name), {})


def turn(update: Object, phase: str) -> Object:
    """The newest transition into ``phase``."""
    found: Object = next(h for h in update["status"]["history"] if h["phase"] == phase)
    return found
