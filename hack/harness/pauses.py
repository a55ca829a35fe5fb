"""The pauses that the operator makes after groups, judged by each version of an Update."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hack.harness.manifests import Object, phase

FORWARD = ("RollingForward", "RollForwardPaused", "RollForwardAwaitingPulse")


def faults(update: Object, before: Object | None, at: float) -> Iterator[str]:
    """Pauses that are left out, end too early, or come after the last group. ``before``: the
    version before this one; ``at``: when this one was seen, in epoch seconds."""
    if before is None or before["metadata"]["uid"] != update["metadata"]["uid"]:
        return
    if phase(update) not in FORWARD or phase(before) not in FORWARD:
        return
    now, then = update["status"], before["status"]
    begins = phase(update) != phase(before) and now.get("reason") == "AutoPaused"
    if begins and not now.get("counts", {}).get("pending"):
        yield "it pauses after its last group"
    old, new = then.get("batch"), now.get("batch")
    if not old or not new or old["index"] == new["index"] or old.get("released"):
        return
    number, strategy = old["index"] + 1, then.get("policy", {}).get("strategy", {})
    found = [p for p in strategy.get("pauses", ()) if p["after"] == number]
    if strategy.get("autoPause") or (found and "seconds" not in found[0]):
        yield f"a group follows group {number} without a resumeToken"
    elif found:
        end = old.get("pauseEndsAt")
        if not end or datetime.fromisoformat(end).timestamp() > at:
            yield f"a group follows group {number}, whose pause ends at {end}"
