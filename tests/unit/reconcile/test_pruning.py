"""What is not kept is deleted by its uid, and dropped."""

from __future__ import annotations

import pytest

from controller.core.model.plan import Prune
from controller.reconcile.pruning import prune
from tests.unit.reconcile.fake_api import Shop, template


@pytest.mark.parametrize("uid", ["u-web-old", "another"])
async def test_a_revision(uid: str) -> None:
    shop = Shop()
    shop.job()
    shop.revision("web-old", template("web:0"))
    await prune(shop.api, shop.store, shop.entry, Prune("ControllerRevision", "web-old", uid))
    gone = uid == "u-web-old"
    assert (("controllerrevisions", "web-old") in shop.api.objects) is not gone
    assert ("web-old" in shop.entry.revisions) is not gone


async def test_what_is_gone_already_is_dropped() -> None:
    shop = Shop()
    shop.job()
    shop.update(status={"phase": "RolledForward", "observedGeneration": 1})
    del shop.api.objects["updates", "web-g2"]
    await prune(shop.api, shop.store, shop.entry, Prune("Update", "web-g2", "u-web-g2"))
    assert shop.entry.updates == {}
