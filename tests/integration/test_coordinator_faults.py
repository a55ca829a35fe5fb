"""A coordinator that answers badly or never, and what happens between its answer and the act."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hack.harness.audit import Audit
from hack.harness.operator import Operator
from hack.harness.space import Space
from hack.harness.web import Asked, Said, Web
from tests.integration.consent import ALLOW, deny, made, questions, waits


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        running.answer = lambda _: ALLOW
        yield running


OTHERS: dict[str, tuple[Callable[[Asked], Said], str]] = {
    "no JSON": (lambda _: (200, "yes"), "the answer is not JSON"),
    "no object": (lambda _: (200, "true"), "the answer is not a JSON object"),
    "allow is a text": (lambda _: (200, '{"allow": "true"}'), 'allow is "true"; it must be'),
    "500": (lambda _: (500, '{"allow": true}'), "answered 500, not 200"),
    "huge": (
        lambda _: (200, '{"allow": true, "x": "' + "x" * 2**20 + '"}'),
        "the answer is larger than 1 MiB",
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_answer_allows_nothing(space: Space, web: Web, other: str) -> None:
    web.answer, words = OTHERS[other]
    made(space, web, count=1)
    before = space.pods()[0].uid
    space.set_image("web:2")
    held = waits(space, words)
    space.api.patch(space.path("updates", held["metadata"]["name"]), {"spec": {"action": "Abort"}})
    space.wait_update("Aborted", name=held["metadata"]["name"])
    assert space.pods()[0].uid == before


def test_one_that_never_answers_and_an_update_that_is_aborted(space: Space, web: Web) -> None:
    over = threading.Event()

    def silent(_: Asked) -> Said:
        over.wait(60)
        return ALLOW

    web.answer = silent
    try:
        made(space, web, count=2, timeout=2)
        before = {i: pod.uid for i, pod in space.pods().items()}
        space.set_image("web:2")
        held = waits(space, "has not answered about web-0: no answer in 2 s")
        name = held["metadata"]["name"]
        space.api.patch(space.path("updates", name), {"spec": {"action": "Abort"}})
        space.wait_update("Aborted", name=name)
        assert {i: pod.uid for i, pod in space.pods().items()} == before
    finally:
        over.set()


def test_an_answer_that_comes_after_a_pause_is_not_acted_on(
    space: Space, web: Web, audit: Audit
) -> None:
    made(space, web, count=1, timeout=60)
    before, paused = space.pods()[0].uid, threading.Event()
    web.answer = lambda _: ALLOW if paused.wait(60) else deny()
    space.set_image("web:2")
    space.until("the question", lambda: bool(web.asked))
    name = space.updates()[-1]["metadata"]["name"]
    space.api.patch(space.path("updates", name), {"spec": {"paused": True}})
    space.wait_update("RollForwardPaused", name=name)
    paused.set()
    # A later Job at the same URL gets the turn, so that of the first was given back.
    made(space, web, count=1, name="other")
    wish = space.job("other")["spec"]["template"]
    wish["spec"]["containers"][0]["image"] = "web:2"
    space.set_template(wish, "other")
    space.until("the other", lambda: space.updates("other")[-1:], 30)
    other = space.updates("other")[-1]["metadata"]["name"]
    space.wait_update("RolledForward", name=other, timeout=60)
    assert space.pods()[0].uid == before
    real = [r for r in audit.requests(namespace=space.name) if r.subresource == "eviction"]
    assert {r.name for r in real if not r.dry_run} == {"other-0"}
    space.api.patch(space.path("updates", name), {"spec": {"paused": False}})
    space.wait_update("RolledForward", name=name, timeout=60)


def test_a_crash_between_the_answer_and_the_act(space: Space, operator: Operator, web: Web) -> None:
    made(space, web, count=2)
    killed = list[float]()

    def answer(_: Asked) -> Said:
        if not killed:
            killed.append(time.time())
            operator.kill9()
        return ALLOW

    web.answer = answer
    space.set_image("web:2")
    space.until("the kill", lambda: bool(killed) and not operator.running, 30)
    operator.start()
    space.wait_update("RolledForward", timeout=90)
    asked = questions(web)
    assert asked[0] == asked[1], "the same question again, then the act"
    assert len({q["requestId"] for q in asked}) == 2


def test_a_budget_that_forbids_after_the_answer(space: Space, web: Web) -> None:
    made(space, web, count=2)
    path = f"/apis/policy/v1/namespaces/{space.name}/poddisruptionbudgets"
    before = {i: pod.uid for i, pod in space.pods().items()}

    def answer(_: Asked) -> Said:
        if len(web.asked) == 1:
            labels = {"matchLabels": {"echelon.dev/job": "web"}}
            spec = {"minAvailable": 2, "selector": labels}
            space.api.create(path, {"metadata": {"name": "late"}, "spec": spec})
            space.cluster.wait("the budget", lambda: _healthy(space, f"{path}/late") == 2, 30)
        return ALLOW

    web.answer = answer
    space.set_image("web:2")
    space.wait_update(
        "RollingForward",
        probe=lambda u: u["status"].get("reason") == "DisruptionBudget",
        timeout=60,
    )
    assert {i: pod.uid for i, pod in space.pods().items()} == before
    space.api.patch(f"{path}/late", {"spec": {"minAvailable": 1}})
    space.wait_update("RolledForward", timeout=90)
    asked = questions(web)
    assert asked[0] in asked[1:], "the same question again"


def _healthy(space: Space, path: str) -> Any:
    return space.api.get(path).get("status", {}).get("currentHealthy")
