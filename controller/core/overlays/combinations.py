"""Which instances have which overlays.

A *combination* is a set of overlays that some id of 0..9999 has; no overlay at all is none. A Job
may have 16 of them: each makes pods of its own, which the API server has to check.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from controller.api.ids import MAX_ID, Ids
from controller.api.overlay import Overlay
from controller.core.overlays.match import MatchError, matched
from controller.core.overlays.problem import TOO_MANY, of_overlay

MOST: Final = 16
ALL: Final = Ids.span(0, MAX_ID + 1)


def selected(overlay: Overlay, job: str, namespace: str) -> Ids:
    """The ids of 0..9999 to which an overlay applies. Raises ``RefusedError``."""
    if (overlay.instances is None) == (overlay.match is None):
        raise of_overlay(overlay.name, "", "set exactly one of instances and match")
    try:
        if overlay.match is not None:
            return matched(overlay.match, job, namespace)
        return Ids.parse(overlay.instances or "")
    except MatchError as error:
        raise of_overlay(overlay.name, "match", str(error)) from None
    except ValueError as error:
        raise of_overlay(overlay.name, "instances", str(error)) from None


def combinations(
    overlays: Iterable[Overlay], job: str, namespace: str
) -> list[tuple[tuple[Overlay, ...], Ids]]:
    """The overlays of each combination in their order, with its ids; the ids without any overlay
    have ``()``, which comes first. Each id is in one of the sets. Raises ``RefusedError``."""
    found: list[tuple[tuple[Overlay, ...], Ids]] = [((), ALL)]
    for overlay in overlays:
        ids = selected(overlay, job, namespace)
        parts = [(those, left - ids) for those, left in found]
        parts += [((*those, overlay), left & ids) for those, left in found]
        found = [(those, left) for those, left in parts if left]
        if sum(bool(those) for those, _ in found) > MOST:
            raise of_overlay(
                overlay.name,
                "",
                f"with it, the ids 0 to 9999 have more than {MOST} combinations of overlays",
                TOO_MANY,
            )
    return found
