"""What a strategic merge patch has to know of a field of a pod template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

MapOf = Literal["", "strings", "quantities"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object of Kubernetes.

    ``type``: the definition of its value, or of the items of its list; "" if that has no field of
    interest. ``merged``: it is a list that is merged with the list of a patch; any other list is
    replaced. ``key``: the field by which the items of a merged list are matched; "" if they are
    strings. ``also``: the fields that identify an item together with ``key``, and the value that
    stands for an absent one. ``map_of``: for a map with keys of the user's choice, what its values
    are. ``present``: the API server stores it even if a manifest leaves it out.
    """

    type: str = ""
    merged: bool = False
    key: str = ""
    also: tuple[tuple[str, str], ...] = ()
    map_of: MapOf = ""
    present: bool = False


#: A field that is in no table: a list is replaced, a map is merged.
UNKNOWN: Final = Field()

#: Name of a definition -> its fields of interest.
Definitions = Mapping[str, Mapping[str, Field]]
