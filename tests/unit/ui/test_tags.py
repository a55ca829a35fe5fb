"""The tags of images beside revisions on the list of Jobs."""

from __future__ import annotations

from typing import Any

import pytest

from controller.ui.pages.tags import split, tags
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import condition, job, pod, put
from tests.unit.ui.test_held import row_of

LAST = {"revision": "web-bbbb", "update": "web-g2", "outcome": "RolledBack"}
STALLED = [condition("Stalled", reason="RolledBack", message="web-g2: instance 0 failed")]


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("web", ("web", "latest")),
        ("web:1.5", ("web", "1.5")),
        ("registry.example:5000/acme/web:1.5", ("web", "1.5")),
        ("registry.example:5000/acme/web", ("web", "latest")),
        ("web:1.5@sha256:0123456789abcdef", ("web", "1.5")),
        ("web@sha256:0123456789abcdef", ("web", "sha256:0123456")),
        ("", ("", "latest")),
    ],
)
def test_an_image_has_a_name_and_a_tag(image: str, found: tuple[str, str]) -> None:
    assert split(image) == found


@pytest.mark.parametrize(
    ("images", "found"),
    [
        ({"a": ["web:1"], "b": ["web:2"]}, {"a": "1", "b": "2"}),
        ({"a": ["web:1", "log:7"], "b": ["web:2", "log:7"]}, {"a": "1", "b": "2"}),
        # A container that a webhook has added.
        ({"a": ["web:1", "mesh:3"], "b": ["web:2"]}, {"a": "1", "b": "2"}),
        ({"a": ["old.example/web:1"], "b": ["new.example/acme/web:2"]}, {"a": "1", "b": "2"}),
        # Two changed: one tag would not tell the revisions apart.
        ({"a": ["web:1", "log:7"], "b": ["web:2", "log:8"]}, {}),
        ({"a": ["web:1"], "b": ["web:1"]}, {}),
        ({"a": ["web:1"], "b": ["shop:1"]}, {}),
        ({"a": ["web:1"]}, {}),
        ({}, {}),
    ],
)
def test_tags_tell_revisions_apart(images: dict[str, list[str]], found: dict[str, str]) -> None:
    assert tags(images) == found


def rolled_back(page: Setting, image: str = "web:2", **status: Any) -> None:
    raw: dict[str, Any] = job(updateRevision="web-bbbb", conditions=STALLED, **status)
    raw["spec"]["template"] = {"spec": {"containers": [{"name": "main", "image": image}]}}
    put(page.store, raw, pod(0))


async def test_the_list_shows_what_runs_and_what_failed(page: Setting) -> None:
    rolled_back(page, lastAttempt=LAST)
    said = row_of((await page.get("/"))[1], "web")
    assert "3 aaaa 1 " in said
    assert "Rolled back web-g2 to 2" in said


async def test_the_images_of_pods_are_for_those_who_may_see_pods(page: Setting) -> None:
    rolled_back(page)
    page.viewer.denied = {"list pods"}
    said = row_of((await page.get("/"))[1], "web")
    assert "3 aaaa none yet" in said


async def test_without_an_update_the_tag_is_that_of_the_template(page: Setting) -> None:
    rolled_back(page)
    assert "none yet template has 2" in row_of((await page.get("/"))[1], "web")


async def test_a_tag_is_escaped(page: Setting) -> None:
    rolled_back(page, "web:<b>2")
    _, html = await page.get("/")
    assert "&lt;b&gt;2" in html
    assert "<b>2" not in html
