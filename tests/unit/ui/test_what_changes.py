"""What changed stands beside the failure: images, and the rest of the difference."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.meta import format_time
from controller.ui.pages.what_changes import SHOWN
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, condition, job, put, update
from tests.unit.ui.test_update_page import words

JOB, UPDATE = "/jobs/shop/web", "/updates/shop/web-g2"
STALLED = [condition("Stalled", reason="RolledBack", message="web-g2: instance 0 failed")]


def revision(number: int, digest: str, image: str, **container: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": f"web-{digest}", "creationTimestamp": format_time(NOW - 999)},
        "revision": number,
        "data": {"spec": {"containers": [{"name": "main", "image": image, **container}]}},
    }


def failed(page: Setting, *revisions: dict[str, Any]) -> None:
    page.api.lists["controllerrevisions"] = list(revisions)
    put(page.store, job(updateRevision="web-bbbb", conditions=STALLED))
    put(page.store, update(phase="RolledBack", finishedAt=format_time(NOW)))


def refused(page: Setting, reason: str = "InvalidTemplate") -> None:
    page.api.lists["controllerrevisions"] = [revision(1, "aaaa", "web:1")]
    words = "the template is refused: images must come from registry.example"
    stalled = condition("Stalled", reason=reason, message=words)
    raw = job(updateRevision="web-cccc", conditions=[stalled])
    raw["spec"]["template"] = revision(0, "cccc", "quay.io/web:2")["data"]
    put(page.store, raw)


def changes(html: str) -> str:
    """What the page says of the change, "" if it says nothing."""
    _, found, rest = html.partition('id="changes"')
    return words("<p" + rest[: rest.index("</section>")]) if found else ""


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_images_come_first_and_then_the_other_differences(page: Setting, path: str) -> None:
    new = revision(2, "bbbb", "web:2", resources={"requests": {"cpu": "64"}})
    old = revision(1, "aaaa", "web:1", resources={"requests": {"cpu": "100m"}})
    failed(page, old, new)
    said = changes((await page.get(path))[1])
    assert "From aaaa to bbbb" in said
    assert "main web:1 → web:2" in said
    assert "- spec.containers[main].resources.requests.cpu: 100m" in said
    assert "+ spec.containers[main].resources.requests.cpu: &#34;64&#34;" in said
    assert "image:" not in said


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_an_active_update_says_what_it_changes(page: Setting, path: str) -> None:
    page.api.lists["controllerrevisions"] = [
        revision(1, "aaaa", "web:1"),
        revision(2, "bbbb", "web:2"),
    ]
    active = {"name": "web-g2", "uid": "uid-shop-web-g2"}
    put(page.store, job(activeUpdate=active), update())
    assert "main web:1 → web:2" in changes((await page.get(path))[1])


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_a_long_difference_is_folded(page: Setting, path: str) -> None:
    env = [{"name": f"V{number}", "value": "x"} for number in range(SHOWN + 1)]
    failed(page, revision(1, "aaaa", "web:1"), revision(2, "bbbb", "web:1", env=env))
    _, html = await page.get(path)
    assert '<details id="changes-all">' in html
    assert "lines that differ" in changes(html)


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_who_may_not_see_templates_is_told_so_and_nothing_is_read(
    page: Setting, path: str
) -> None:
    failed(page, revision(1, "aaaa", "web:1"), revision(2, "bbbb", "web:2"))
    page.viewer.denied = {"list controllerrevisions"}
    _, html = await page.get(path)
    assert "you may not list ControllerRevisions" in changes(html)
    assert "web:2" not in html
    assert not any("controllerrevisions" in asked for asked in page.api.asked)


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_a_revision_that_was_deleted_is_said_to_be_gone(page: Setting, path: str) -> None:
    failed(page, revision(2, "bbbb", "web:2"))
    assert "revision web-aaaa does not exist any more" in changes((await page.get(path))[1])


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_texts_of_templates_are_escaped(page: Setting, path: str) -> None:
    evil = "<script>alert(1)</script>"
    new = revision(2, "bbbb", f"web:2{evil}", command=[evil])
    failed(page, revision(1, "aaaa", "web:1"), new)
    _, html = await page.get(path)
    assert "&lt;script&gt;alert" in html
    assert evil not in html


async def test_a_refused_template_is_no_revision_and_still_compared(page: Setting) -> None:
    refused(page)
    assert "main web:1 → quay.io/web:2" in changes((await page.get(JOB))[1])


async def test_nothing_changes_for_a_job_that_is_at_its_goal_and_nothing_is_read(
    page: Setting,
) -> None:
    put(page.store, job())
    _, html = await page.get(JOB)
    assert changes(html) == ""
    assert page.api.asked == []


async def test_a_restart_changes_no_revision(page: Setting) -> None:
    put(page.store, job(), update(to={"instances": "0-3"}, spec={"restart": True}))
    _, html = await page.get(UPDATE)
    assert changes(html) == ""


@pytest.mark.parametrize("reason", ["InvalidTemplate", "Forbidden"])
async def test_configuration_shows_the_template_that_is_not_accepted(
    page: Setting, reason: str
) -> None:
    refused(page, reason)
    _, html = await page.get(f"{JOB}?tab=configuration")
    said = words(html[html.index('id="tab"') :])
    assert "not accepted web-cccc template quay.io/web:2" in said
    assert "images must come from registry.example" in said
    assert "- spec.containers[main].image: web:1" in said
    assert "+ spec.containers[main].image: quay.io/web:2" in said
    assert "image: quay.io/web:2" in html


async def test_without_the_revisions_no_template_is_said_to_be_not_accepted(page: Setting) -> None:
    refused(page)
    page.viewer.denied = {"list controllerrevisions"}
    _, html = await page.get(f"{JOB}?tab=configuration")
    assert "not accepted" not in html


async def test_a_template_that_is_a_revision_is_accepted(page: Setting) -> None:
    failed(page, revision(1, "aaaa", "web:1"), revision(2, "bbbb", "web:2"))
    _, html = await page.get(f"{JOB}?tab=configuration")
    assert "not accepted" not in html


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_with_overlays_it_is_said_what_becomes_of_which_instances(
    page: Setting, path: str
) -> None:
    patch = {"spec": {"containers": [{"name": "main", "image": "web:2"}]}}
    overlays = [{"name": "canary", "instances": "1", "patch": patch}]
    new = revision(2, "bbbb", "web:1")
    new["data"]["echelon"] = {"overlays": overlays}
    failed(page, new, revision(1, "aaaa", "web:1"))
    said = changes((await page.get(path))[1])
    assert "+ echelon.overlays" in said or "+ echelon:" in said
    others = "0,2" if path == JOB else "0,2-3"
    assert f"instances {others} other labels only: the pods stay" in said
    assert "1 instance 1 - spec.containers[main].image: web:1" in said
    assert "+ spec.containers[main].image: web:2" in said


async def test_without_overlays_there_are_no_groups(page: Setting) -> None:
    failed(page, revision(2, "bbbb", "web:2"), revision(1, "aaaa", "web:1"))
    assert "other labels" not in changes((await page.get(JOB))[1])
