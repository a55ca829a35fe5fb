"""One Maintenance: how far it is, its nodes, and what each of them waits for."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from controller.ui import marks
from controller.ui.access import Viewer, sees_maintenances, sees_nodes
from controller.ui.pages.base import Data
from controller.ui.pages.maintenances import line
from controller.ui.site import Site
from controller.ui.store import Change, Kind
from controller.view.maintenances import next_steps, what_for


@dataclass(frozen=True, slots=True)
class Sight:
    """Whether the viewer may read nodes."""

    nodes: bool


@dataclass(frozen=True, slots=True)
class MaintenancePage:
    maintenance: str

    name: ClassVar[str] = "maintenance"
    parts: ClassVar[tuple[str, ...]] = ("head", "nodes")

    @classmethod
    def of(cls, place: Mapping[str, str], _query: Mapping[str, str]) -> MaintenancePage:
        return cls(place["name"])

    @property
    def path(self) -> str:
        return f"/maintenances/{self.maintenance}"

    @property
    def title(self) -> str:
        return self.maintenance

    def concerns(self, change: Change, _sight: Sight) -> bool:
        return change.kind == "maintenance" and change.name == self.maintenance

    async def exists(self, site: Site, _sight: Sight) -> bool:
        return self.maintenance in site.store.maintenances

    def sees(self, kind: Kind, _namespace: str, _sight: Sight) -> bool:
        return kind == "maintenance"

    async def sight(self, viewer: Viewer, _site: Site) -> Hashable | None:
        if not await sees_maintenances(viewer):
            return None
        return Sight(await sees_nodes(viewer))

    async def read(self, _site: Site, _sight: Sight) -> None:
        return None

    def data(self, site: Site, sight: Sight, _found: None) -> Data | None:
        found = site.store.maintenances.get(self.maintenance)
        if found is None:
            return None
        status, shown = found.status, line(found)
        return {
            "page": self,
            "line": shown,
            "row": shown.row,
            "counts": status.counts,
            "facts": what_for(found.spec),
            "nodes": [(each, marks.of_node(each.phase)) for each in status.nodes],
            "left_out": max(0, status.counts.nodes - len(status.nodes)),
            "links": sight.nodes,
            "advice_list": next_steps(shown.row),
        }
