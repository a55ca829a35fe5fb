"""The pods of an instance have one name, one after the other: Events say of which pod they are."""

from __future__ import annotations

from typing import Any

from controller.api.meta import format_time
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, job, pod, put, update
from tests.unit.ui.test_update_page import words

PATH = "/instances/shop/web/0"


def event(ago: float, note: str, uid: str) -> dict[str, Any]:
    return {
        "metadata": {"creationTimestamp": format_time(NOW - ago)},
        "regarding": {"kind": "Pod", "name": "web-0", "uid": uid},
        "type": "Warning",
        "reason": "Unhealthy",
        "note": note,
    }


def setting(page: Setting) -> None:
    put(page.store, job(), pod(0))
    page.api.objects["pods", "shop", "web-0"] = pod(0)
    page.api.lists["events"] = [
        event(100, "probe failed: 503", "uid-old"),
        event(98, "probe failed: 504", "uid-old"),
        event(50, "probe failed: starting", "uid-shop-web-0"),
    ]


async def test_events_of_earlier_pods_stand_apart(page: Setting) -> None:
    setting(page)
    said = words((await page.get(PATH))[1])
    own, _, earlier = said.partition("Events of an earlier pod")
    assert "probe failed: starting" in own
    assert "503" not in own
    assert earlier.index("504") < earlier.index("503")
    assert "starting" not in earlier


async def test_an_earlier_pod_has_its_revision_if_the_page_has_seen_it(page: Setting) -> None:
    old = pod(0, uid="uid-old")
    old["metadata"]["labels"]["echelon.dev/revision"] = "bbbb"
    put(page.store, job(), old)
    page.store.drop_pod("shop/web-0", "uid-old")
    setting(page)
    assert "Events of an earlier pod at bbbb" in words((await page.get(PATH))[1])


async def test_an_earlier_pod_has_the_update_that_was_under_way(page: Setting) -> None:
    setting(page)
    put(page.store, update(phase="RolledBack", finishedAt=format_time(NOW - 90)))
    put(page.store, update("web-g3", startedAt=format_time(NOW - 60)))
    said = words((await page.get(PATH))[1])
    assert "during web-g2" in said
    assert "during web-g3" not in said


async def test_an_update_that_the_viewer_may_not_see_is_not_named(page: Setting) -> None:
    setting(page)
    put(page.store, update(phase="RolledBack", finishedAt=format_time(NOW - 90)))
    page.viewer.denied = {"list updates"}
    assert "web-g2" not in (await page.get(PATH))[1]


async def test_an_event_that_does_not_say_of_which_pod_it_is_stays_with_the_present_one(
    page: Setting,
) -> None:
    setting(page)
    page.api.lists["events"] = [event(50, "probe failed: starting", "")]
    _, html = await page.get(PATH)
    assert "probe failed: starting" in html
    assert "earlier pod" not in html
