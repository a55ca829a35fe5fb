"""ControllerRevisions: made once, renewed by compare-and-swap, adopted only when free."""

from __future__ import annotations

import pytest

from controller.core.model import plan
from controller.kube.errors import ApiError
from controller.reconcile.controller_revisions import ControllerRevisions
from tests.unit.reconcile.fake_api import Object, Shop


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.job()
    return shop


def kept(shop: Shop, name: str) -> Object:
    return shop.api.objects["controllerrevisions", name]


async def test_made_then_renewed_under_one_uid(shop: Shop) -> None:
    revisions, name = ControllerRevisions(shop.api, shop.store), shop.entry.revision
    await revisions.keep(shop.entry, plan.EnsureRevision(name, 1))
    uid = kept(shop, name)["metadata"]["uid"]
    await revisions.keep(shop.entry, plan.EnsureRevision(name, 4))
    assert (kept(shop, name)["metadata"]["uid"], kept(shop, name)["revision"]) == (uid, 4)
    assert shop.entry.revisions[name].number == 4


async def test_one_that_somebody_else_controls_is_not_taken(shop: Shop) -> None:
    name = shop.entry.revision
    theirs = shop.revision(name, {}, owner="")
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "s1"}
    theirs["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    shop.api.put("controllerrevisions", theirs)
    revisions = ControllerRevisions(shop.api, shop.store)
    with pytest.raises(ApiError, match="StatefulSet db"):
        await revisions.keep(shop.entry, plan.EnsureRevision(name, 2))
    await revisions.adopt(shop.entry, [name])
    owners = kept(shop, name)["metadata"]["ownerReferences"]
    assert [o["uid"] for o in owners] == ["s1"]


async def test_orphans_are_adopted_and_released_again(shop: Shop) -> None:
    shop.revision("web-old", {"spec": {}}, owner="")
    revisions = ControllerRevisions(shop.api, shop.store)
    await revisions.adopt(shop.entry, ["web-old", "web-gone"])
    assert shop.entry.revisions["web-old"].owner == "j1"
    await revisions.release(shop.entry, ["web-old"])
    assert shop.entry.revisions["web-old"].owner == ""


async def test_one_that_is_gone_is_told_to_the_store(shop: Shop) -> None:
    shop.revision("web-old", {"spec": {}})
    del shop.api.objects["controllerrevisions", "web-old"]
    with pytest.raises(ApiError):
        await ControllerRevisions(shop.api, shop.store).read(shop.entry, "web-old")
    assert "web-old" not in shop.entry.revisions
