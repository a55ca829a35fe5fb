"""One Maintenance: how far it is, its nodes, and what each of them waits for."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from controller.api.maintenance import KIND
from controller.kube.errors import ApiError
from controller.kube.resources import EVENTS
from controller.ui import marks
from controller.ui.access import Viewer, sees_maintenances, sees_nodes
from controller.ui.events import by_object, event_rows
from controller.ui.pages.base import Data, words_of
from controller.ui.pages.maintenances import line
from controller.ui.reviews import Question
from controller.ui.site import Site
from controller.ui.store import Change, Kind
from controller.view.maintenances import next_steps, what_for

Object = dict[str, Any]


#: Where Events about objects of the cluster are.
_EVENTS_IN: Final = "default"


@dataclass(frozen=True, slots=True)
class Sight:
    """Whether the viewer may read nodes, and the Events about Maintenances."""

    nodes: bool
    events: bool


@dataclass(frozen=True, slots=True)
class Read:
    """The Events about a Maintenance of this name. ``trouble``: why they cannot be read."""

    events: Sequence[Object] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class MaintenancePage:
    maintenance: str

    name: ClassVar[str] = "maintenance"
    parts: ClassVar[tuple[str, ...]] = ("head", "nodes", "history")

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
        events = await viewer.may(Question("list", EVENTS, _EVENTS_IN))
        return Sight(await sees_nodes(viewer), events)

    async def read(self, site: Site, sight: Sight) -> Read:
        # Whoever asks for names that no Maintenance has must not make the API server look.
        if not sight.events or not await self.exists(site, sight):
            return Read()
        try:
            return Read(await site.reads.events(_EVENTS_IN, KIND, self.maintenance))
        except ApiError as error:
            return Read(trouble=words_of(error))

    def data(self, site: Site, sight: Sight, read: Read) -> Data | None:
        found = site.store.maintenances.get(self.maintenance)
        if found is None:
            return None
        events = by_object(event_rows(read.events))
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
            # Another one may have had the name before.
            "events": events.get(found.metadata.uid, []),
            "sees_events": sight.events,
            "trouble": read.trouble,
            "advice_list": next_steps(shown.row),
        }
