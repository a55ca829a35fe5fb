"""An API resource: its names and its URL paths. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Resource:
    """One API resource. ``group`` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(
        self,
        namespace: str | None = None,
        name: str | None = None,
        subresource: str | None = None,
    ) -> str:
        """The URL path of the collection, of one object, or of a subresource of one object.

        Without ``namespace``, the path of a namespaced resource is for all namespaces, which only
        lists and watches may use. Raises ``ValueError`` for an object without its namespace, and
        for an empty name: it would be that of all objects.

        Names come from people, too, for example in ``spec.job``: whatever they contain, they name
        one object of this kind in this namespace.
        """
        if name == "":
            raise ValueError(f"{self.plural}: an object without a name")
        path = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        if self.namespaced:
            if namespace:
                path += f"/namespaces/{_segment(namespace)}"
            elif name:
                raise ValueError(f"{self.plural} are namespaced: {name!r} needs a namespace")
        path += f"/{self.plural}"
        if name:
            path += f"/{_segment(name)}"
        if subresource:
            path += f"/{subresource}"
        return path


def _segment(name: str) -> str:
    """The name as one segment of a path."""
    # A dot or two alone would be the collection, or what is above it.
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")
