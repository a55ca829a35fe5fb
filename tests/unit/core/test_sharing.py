"""Claims that two pods of one instance would both mount."""

from __future__ import annotations

from typing import Any

import pytest

from controller.core.revision import canonical
from controller.core.sharing import shared_volume


def with_claim(name: Any) -> dict[str, Any]:
    return {"name": "data", "persistentVolumeClaim": {"claimName": name}}


@pytest.mark.parametrize(
    ("volumes", "claim"),
    [
        ([with_claim("data-{{echelon.instance}}")], "data-{{echelon.instance}}"),
        ([{"emptyDir": {}}, with_claim("x-{{echelon.instance}}")], "x-{{echelon.instance}}"),
        ([with_claim("shared")], None),
        ([{"name": "tmp", "emptyDir": {}}], None),
        ([], None),
        (None, None),
        ("no list", None),
        (["no map", {"persistentVolumeClaim": "no map"}, with_claim(7)], None),
    ],
)
def test_shared_volume(volumes: Any, claim: str | None) -> None:
    assert shared_volume(canonical({"spec": {"volumes": volumes}})) == claim


@pytest.mark.parametrize("template", [b"{}", b'{"spec":[]}', b"[]"])
def test_what_is_no_template_shares_nothing(template: bytes) -> None:
    assert shared_volume(template) is None
