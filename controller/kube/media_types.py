"""The media types in which the API server is asked, and in which it answers."""

from __future__ import annotations

from typing import Final

_PARTIAL: Final = "application/json;as={};g=meta.k8s.io;v=v1,application/json"
#: Values of the Accept header; the index is ``metadata_only``.
ACCEPT: Final = ("application/json", _PARTIAL.format("PartialObjectMetadata"))
ACCEPT_LIST: Final = ("application/json", _PARTIAL.format("PartialObjectMetadataList"))
PATCH_TYPE: Final = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    #: Finds list items by their key (containers by name). Only core kinds support it.
    "strategic": "application/strategic-merge-patch+json",
}
