"""Who set a field of an Update, as its annotations and managed fields say."""

from __future__ import annotations

from controller.api.labels import CHANGED_BY, FIELD_MANAGER, PAUSED_BY
from controller.api.meta import ManagedFields
from controller.api.update import Update

#: Characters of ``spec.message`` that a message repeats.
MAX_REASON = 160


def of(update: Update, field: str) -> str:
    """Who set ``spec.<field>``: the user, if the chart's admission policy recorded one, else the
    field manager (the text says "(field manager)"), else "unknown"."""
    notes, owner = update.metadata.annotations, _owner(update, field)
    # An Update that the operator created paused inherits the pause, and the person who paused.
    by_us = owner is None or owner.manager == FIELD_MANAGER
    if field == "paused" and by_us and (first := notes.get(PAUSED_BY)):
        return first
    if user := notes.get(CHANGED_BY):
        return user
    return f"{owner.manager} (field manager)" if owner else "unknown"


def with_reason(update: Update, field: str) -> str:
    """Who set ``spec.<field>``, followed by ``spec.message`` (the reason) on one line."""
    who, line = of(update, field), " ".join((update.spec.message or "").split())
    if len(line) > MAX_REASON:
        line = f"{line[: MAX_REASON - 1]}…"
    return f"{who}: {line}" if line else who


def called_off(update: Update) -> tuple[str, str, str]:
    """Reason and message of an Update that a person stopped before it started, and who that was."""
    who, verb = of(update, "action"), update.spec.action
    return f"{verb}Requested", f"{verb} requested by {who} before the Update started", who


def _owner(update: Update, field: str) -> ManagedFields | None:
    """The client that wrote ``spec.<field>`` last."""
    owners = (
        entry
        for entry in update.metadata.managed_fields
        if not entry.subresource and f"f:{field}" in entry.fields_v1.get("f:spec", {})
    )
    return max(owners, key=lambda entry: entry.time or 0.0, default=None)
