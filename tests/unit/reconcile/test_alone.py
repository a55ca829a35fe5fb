"""A Job that has only one write left: if that write is refused, it waits for its back-off."""

from __future__ import annotations

from typing import Any

import pytest

from controller.kube.errors import Forbidden
from tests.unit.reconcile.fake_api import KEY, Shop, template

DELETED: dict[str, Any] = {
    "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["orphan"]}
}


def refusing(shop: Shop, plural: str) -> None:
    def refuse(verb: str, what: str, name: str) -> None:
        if (verb, what) == ("patch", plural):
            shop.api.asked.append((verb, what, name))
            raise Forbidden(403, "Forbidden", "denied the request: change freeze until Monday")

    shop.api.before = refuse


@pytest.mark.parametrize("what", ["the release of its revisions", "that it is too new"])
async def test_a_refused_write_is_asked_for_once_and_again_after_a_while(what: str) -> None:
    shop = Shop()
    released = what == "the release of its revisions"
    plural = "controllerrevisions" if released else "echelonjobs"
    later = {} if released else {"echelon": {"lifecycle": {}}}
    shop.revision("web-x", template("web:1") | later)
    shop.job(**(DELETED if released else {"status": {"currentRevision": "web-x"}}))
    refusing(shop, plural)
    for _ in range(3):
        await shop.reconcile()
    assert [asked for asked in shop.api.asked if asked[0] == "patch"] == [
        ("patch", plural, "web-x" if released else "web")
    ]
    assert [reason for reason, _ in shop.events] == ["Forbidden"]
    refusal = next(iter(shop.entry.refused_writes.values()))
    shop.now = refusal.until + 1
    shop.api.before = lambda *_: None
    await shop.worker.reconcile(KEY)
    assert shop.entry.refused_writes == {}
    if released:
        assert not shop.api.objects[plural, "web-x"]["metadata"]["ownerReferences"]
    else:
        assert shop.condition("Stalled")["reason"] == "TooNew"
