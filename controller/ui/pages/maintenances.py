"""The list of Maintenances."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from controller.api.maintenance import Maintenance
from controller.ui import figures, marks
from controller.ui.access import Viewer, sees_maintenances
from controller.ui.figures import Part
from controller.ui.marks import Badge
from controller.ui.pages.base import Data
from controller.ui.site import Site
from controller.ui.store import Change, Kind
from controller.view.maintenances import Course, MaintenanceRow, maintenance_row

#: What needs a person's eyes comes first.
_ORDER = {course: place for place, course in enumerate(Course)}


@dataclass(frozen=True, slots=True)
class Line:
    """One Maintenance."""

    row: MaintenanceRow
    badge: Badge
    bar: list[Part]


def line(found: Maintenance) -> Line:
    row = maintenance_row(found)
    return Line(row, marks.of_course(row.course), progress(found))


def progress(found: Maintenance) -> list[Part]:
    """The bar of its nodes by phase."""
    counts = found.status.counts
    return figures.bar(
        (
            (counts.drained, "good", "drained"),
            (counts.deactivated, "good", "deactivated"),
            (counts.draining, "busy", "draining"),
            (counts.waiting, "none", "waiting"),
        )
    )


@dataclass(frozen=True, slots=True)
class MaintenancesPage:
    name: ClassVar[str] = "maintenances"
    parts: ClassVar[tuple[str, ...]] = ("list",)
    title: ClassVar[str] = "Maintenance"
    path: ClassVar[str] = "/maintenances"

    @classmethod
    def of(cls, _place: Mapping[str, str], _query: Mapping[str, str]) -> MaintenancesPage:
        return cls()

    def concerns(self, change: Change, _sight: bool) -> bool:
        return change.kind == "maintenance"

    async def exists(self, _site: Site, _sight: bool) -> bool:
        return True

    def sees(self, kind: Kind, _namespace: str, _sight: bool) -> bool:
        return kind == "maintenance"

    async def sight(self, viewer: Viewer, _site: Site) -> Hashable | None:
        return True if await sees_maintenances(viewer) else None

    async def read(self, _site: Site, _sight: bool) -> None:
        return None

    def data(self, site: Site, _sight: bool, _found: None) -> Data:
        lines = [line(each) for each in site.store.maintenances.values()]
        lines.sort(key=lambda each: (_ORDER[each.row.course], each.row.name))
        return {"page": self, "lines": lines}
