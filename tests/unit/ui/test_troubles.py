"""What is said when watches do not work, and to whom."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from controller.kube.errors import Forbidden, Unreachable
from controller.ui import watch as module
from controller.ui.store import Store
from controller.ui.watch import Reach, Trouble, Watch
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, job, pod, put

GONE = Trouble("job", "403 Forbidden: no list", NOW - 60, "gone", is_refused=True)


def said(html: str) -> str:
    """The notice of a page in words."""
    found = re.search(r'<div id="notice".*?</div>', html, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


async def test_an_api_server_that_does_not_answer(page: Setting) -> None:
    page.watch.troubles = [Trouble(kind, "no route", NOW - 60) for kind in ("job", "update", "pod")]
    notice = said((await page.get("/"))[1])
    assert notice.startswith("The API server does not answer: no route. What is shown is from ")
    assert notice.count("no route") == 1


async def test_an_api_server_that_refuses(page: Setting) -> None:
    page.watch.troubles = [Trouble("job", "403 Forbidden: no", None, is_refused=True)]
    notice = said((await page.get("/"))[1])
    assert notice == (
        "The API server refuses to list what is there: 403 Forbidden: no. What is shown is not all."
    )


async def test_one_namespace_that_is_gone_is_no_matter_of_the_others(page: Setting) -> None:
    page.watch.reach = Reach(("shop", "gone"))
    put(page.store, job(), pod(0), job("old", "gone"))
    page.watch.troubles = [GONE]
    for path in ("/", "/jobs/gone/old"):
        notice = said((await page.get(path))[1])
        assert notice.startswith("Namespace gone: the API server refuses"), path
    for path in ("/jobs/shop/web", "/instances/shop/web/0"):
        assert said((await page.get(path))[1]) == ""
    page.viewer.denied = {"gone"}
    assert said((await page.get("/"))[1]) == ""


async def test_a_namespace_that_was_never_read_is_named_to_those_who_may_see_it(
    page: Setting,
) -> None:
    page.watch.reach = Reach(("shop", "gone"))
    put(page.store, job())
    page.watch.troubles = [Trouble("job", "no list", None, "gone", is_refused=True)]
    assert "Namespace gone:" in said((await page.get("/"))[1])


async def test_all_namespaces_in_trouble_are_not_listed(page: Setting) -> None:
    page.watch.reach = Reach(("a", "b"))
    page.watch.troubles = [Trouble("job", "no route", NOW, name) for name in "ab"]
    assert said((await page.get("/"))[1]).startswith("The API server does not answer: no route.")


class Api:
    """Lists nothing, and refuses or does not answer for some namespaces."""

    def __init__(self) -> None:
        self.errors: dict[str, Exception] = {}

    async def list_page(self, _resource: Any, namespace: str | None, **_: Any) -> bytes:
        if error := self.errors.get(namespace or ""):
            raise error
        return b'{"metadata": {"resourceVersion": "5"}, "items": []}'

    async def watch(self, *_: Any, opened: Any, **__: Any) -> AsyncIterator[bytes]:
        opened()
        await asyncio.Event().wait()
        yield b""


def watching(api: Any, *namespaces: str) -> tuple[Watch, asyncio.Task[None]]:
    watch = Watch(api, Store(), Reach(namespaces))
    return watch, asyncio.create_task(watch.run())


async def test_a_refused_namespace_does_not_keep_the_page_from_being_ready() -> None:
    api = Api()
    api.errors["gone"] = Forbidden(403, "Forbidden", "no list")
    watch, task = watching(api, "shop", "gone")
    assert await watch.wait(5)
    assert watch.synced
    assert {(each.namespace, each.is_refused, each.since) for each in watch.troubles} == {
        ("gone", True, None)
    }
    assert {each.kind for each in watch.troubles} == {"job", "update", "pod"}
    task.cancel()


@pytest.mark.parametrize(
    ("namespace", "error"),
    [("", Forbidden(403, "Forbidden", "no list")), ("gone", Unreachable("no route"))],
)
async def test_what_could_not_be_asked_and_what_is_refused_as_a_whole_does(
    namespace: str, error: Exception
) -> None:
    api = Api()
    api.errors[namespace] = error
    watch, task = watching(api, *([namespace] if namespace else []))
    assert not await watch.wait(0.05)
    assert not watch.synced
    assert watch.troubles[0].is_refused is isinstance(error, Forbidden)
    task.cancel()


async def test_silence_is_a_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, task = watching(Api(), "shop")
    assert await watch.wait(5)
    assert watch.troubles == []
    monkeypatch.setattr(module, "SILENCE", -1.0)
    assert "silent for 0 seconds" in watch.troubles[0].message
    assert not watch.troubles[0].is_refused
    task.cancel()
