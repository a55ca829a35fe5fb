"""The page shows where revisions come from."""

from __future__ import annotations

from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import job, put, update
from tests.unit.ui.test_update_page import words
from tests.unit.ui.test_what_changes import revision

EVIL = "<script>alert(1)</script>"


async def test_the_chain_of_revisions(page: Setting) -> None:
    first, second = revision(1, "aaaa", "web:1"), revision(2, "bbbb", "web:2")
    first["metadata"]["annotations"] = {"echelon.dev/parent": "web-gone"}
    second["metadata"]["annotations"] = {
        "echelon.dev/parent": "web-aaaa",
        "echelon.dev/source": f"commit 77be021 {EVIL}",
        "echelon.dev/made-by": "argocd-controller",
    }
    page.api.lists["controllerrevisions"] = [first, second]
    put(page.store, job())
    _, html = await page.get("/jobs/shop/web?tab=updates")
    said = words(html)
    assert "2 bbbb after 1" in said
    assert "commit 77be021" in said
    assert "written by argocd-controller" in said
    assert "after gone" in said, "a parent that history has no more"
    assert EVIL not in html


async def test_where_an_update_comes_from(page: Setting) -> None:
    to = {"revision": "web-bbbb", "instances": "0-3", "source": "commit 9", "parent": "web-aaaa"}
    put(page.store, job(), update(to=to))
    said = words((await page.get("/updates/shop/web-g2"))[1])
    assert "Source commit 9" in said
    assert "After web-aaaa" in said
