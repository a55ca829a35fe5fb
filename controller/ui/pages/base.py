"""What a page is."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar, Protocol

from controller.kube.errors import ApiError
from controller.ui.access import Rights, Viewer
from controller.ui.site import Site
from controller.ui.store import Change, Kind

Data = dict[str, Any]


class Page(Protocol):
    """One address. Pages are values: equal pages show the same, and are rendered once.

    ``name``: the folder of its templates; ``parts``: those of its templates that are rendered anew
    when something changes, each an element with the id of the part.
    """

    name: ClassVar[str]
    parts: ClassVar[tuple[str, ...]]

    @property
    def path(self) -> str:
        """The address, with its query."""

    @property
    def title(self) -> str:
        """The title of the window."""

    def concerns(self, change: Change, sight: Any, /) -> bool:
        """Whether the page may look different after this change, with this sight."""

    async def exists(self, site: Site, sight: Any, /) -> bool:
        """Whether there is something at this address, without finding out what. Raises
        ``ApiError``."""

    def sees(self, kind: Kind, namespace: str, sight: Any, /) -> bool:
        """Whether an object of this kind and namespace is a matter of this page, with this
        sight."""

    async def sight(self, viewer: Viewer, site: Site, /) -> Hashable | None:
        """What this viewer may see here; None: not even that the page exists."""

    async def read(self, site: Site, sight: Any, /) -> Any:
        """What `data` needs from the API server, or why that cannot be read. It only waits."""

    def data(self, site: Site, sight: Any, found: Any, /) -> Data | None:
        """What the templates show to all with this sight. ``found``: what `read` has found. None:
        there is nothing at this address (any more). It may keep the process busy for a while."""


def listed(rights: Rights, kind: Kind) -> bool:
    """Whether these rights include to list the kind."""
    listable = {"job": rights.jobs, "update": rights.updates, "pod": rights.pods}
    return listable.get(kind, False)


def words_of(error: ApiError) -> str:
    """An error for the place where the result would be."""
    return f"cannot be read: {error.message or error}"
