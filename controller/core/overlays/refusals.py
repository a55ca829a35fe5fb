"""Whether the overlays and constraints of a Job can be used at all; what the API server says of the
pods that they make is another question."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from controller.api.overlay import MAX_CONSTRAINTS, MAX_OVERLAYS, Constraint, Overlay
from controller.core.overlays.allowed import forbidden
from controller.core.overlays.combinations import selected
from controller.core.overlays.problem import INVALID, RefusedError, of_overlay
from controller.core.overlays.variants import applied, read, variants
from controller.core.revisions import data as revision_data
from controller.core.revisions.revision import dumped

#: How many bytes the patches of one Job may have together, as JSON.
ROOM: Final = 32 * 1024


def refusal(data: bytes, job: str, namespace: str) -> tuple[str, str] | None:
    """Reason and message, which names the overlay and the field, if overlays or constraints are
    refused; None if they can be used. ``data``: of the revision, canonical."""
    template, parts = revision_data.split(data)
    if not parts:
        return None
    try:
        overlays, constraints = read(parts)
        _check_lists(overlays, constraints)
        _check_each(json.loads(template), overlays, job, namespace)
        variants(data, job, namespace)
    except RefusedError as error:
        return error.reason, str(error)
    return None


def _check_lists(overlays: Sequence[Overlay], constraints: Sequence[Constraint]) -> None:
    for field, keys, most in (
        ("overlays", [each.name for each in overlays], MAX_OVERLAYS),
        ("constraints", [each.key for each in constraints], MAX_CONSTRAINTS),
    ):
        if len(keys) > most:
            raise RefusedError(INVALID, f"spec.{field}: there may be {most}, not {len(keys)}")
        for key, count in Counter(keys).items():
            if count > 1:
                raise RefusedError(INVALID, f"spec.{field}[{key}]: there are {count} of this name")
    sizes = {each.name: len(dumped(each.patch)) for each in overlays}
    if (total := sum(sizes.values())) > ROOM:
        largest = max(sizes, key=lambda name: sizes[name])
        raise of_overlay(
            largest,
            "patch",
            f"this patch has {sizes[largest]} bytes and all patches together have {total}; at "
            f"most {ROOM} are allowed, because each revision stores them",
        )


def _check_each(
    template: dict[str, Any], overlays: Sequence[Overlay], job: str, namespace: str
) -> None:
    for overlay in overlays:
        if path := forbidden(overlay.patch):
            raise of_overlay(overlay.name, f"patch.{path}", "an overlay must not set this field")
        if not selected(overlay, job, namespace):
            # No variant has it, so its patch is tried alone.
            applied(template, overlay)
