"""Who asked for something, as far as the object itself tells."""

from __future__ import annotations

from controller.api.labels import CHANGED_BY
from controller.api.update import Update


def of(update: Update, field: str) -> str:
    """Who set ``spec.<field>``: the user, if the chart's admission policy stamps it, else the field
    manager, and the text says which."""
    if user := update.metadata.annotations.get(CHANGED_BY):
        return user
    owners = [
        entry
        for entry in update.metadata.managed_fields
        if not entry.subresource and f"f:{field}" in entry.fields_v1.get("f:spec", {})
    ]
    if not owners:
        return "unknown"
    newest = max(owners, key=lambda entry: entry.time or 0.0)
    return f"{newest.manager} (field manager)"
