"""One object that cannot be read is no reason to lose the others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from controller.reconcile.lenient_codec import codec


class Meta(BaseModel):
    name: str
    uid: str = ""
    resourceVersion: str = "1"  # noqa: N815


class Thing(BaseModel):
    metadata: Meta
    size: int = 0

    @property
    def key(self) -> str:
        return self.metadata.name

    @property
    def uid(self) -> str:
        return self.metadata.uid

    @property
    def resource_version(self) -> str:
        return self.metadata.resourceVersion


def thing(name: str, size: Any = 1) -> dict[str, Any]:
    return {"metadata": {"name": name}, "size": size}


def otherwise(raw: dict[str, Any], words: str) -> Thing | None:
    return Thing(metadata=Meta(name=f"{raw['metadata']['name']}: {words[:4]}"))


def page(*items: dict[str, Any]) -> bytes:
    return json.dumps({"metadata": {"resourceVersion": "9"}, "items": items}).encode()


def test_what_is_kept_otherwise_takes_the_place_of_what_cannot_be_read() -> None:
    kept = codec(Thing, lambda each: each, otherwise)
    found, token, version = kept.page(page(thing("a"), thing("b", "large"), thing("c")))
    assert [each.key for each in found] == ["a", "b: size", "c"]
    assert (token, version) == ("", "9")
    line = json.dumps({"type": "ADDED", "object": thing("b", "large")}).encode()
    assert kept.event(line)[1].key == "b: size"


def test_what_nothing_is_kept_of_is_left_out_of_a_page_and_an_event_of_it_fails() -> None:
    kept = codec(Thing, lambda each: each)
    assert [each.key for each in kept.page(page(thing("a"), thing("b", "large")))[0]] == ["a"]
    with pytest.raises(ValidationError):
        kept.event(json.dumps({"type": "ADDED", "object": thing("b", "large")}).encode())
