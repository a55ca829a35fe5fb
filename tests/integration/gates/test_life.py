"""Gates across restarts of the operator, watching, pauses and histories."""

from __future__ import annotations

import time

from hack.harness.manifests import batch
from hack.harness.operator import Operator
from hack.harness.space import Space
from hack.harness.web import Web, verdict
from tests.integration.gates.manifests import gate, gated, state, turn


def test_a_restart_in_the_middle_loses_no_count(space: Space, operator: Operator, web: Web) -> None:
    space.made(gated(gate(http={"url": web.url}, successes=6), instances=1))
    space.set_image("web:2")
    space.wait_update("RollingForward", probe=lambda u: state(u).get("successes") == 3, timeout=40)
    operator.kill9()
    kept = state(space.update("web-g2"))["successes"]
    before = len(web.asked)
    assert kept in (3, 4)
    operator.start()
    ended = space.wait_update("RolledForward", timeout=60)
    assert state(ended)["successes"] == 6
    assert len(web.asked) - before <= 6 - kept
    assert len(web.asked) <= 7, "at most one question is repeated"


def test_a_restart_in_the_middle_loses_no_failure(
    space: Space, operator: Operator, web: Web
) -> None:
    web.answer = lambda _: (500, "")
    space.made(gated(gate(http={"url": web.url}, failures=5), instances=1))
    space.set_image("web:2")
    space.wait_update("RollingForward", probe=lambda u: state(u).get("failures") == 2, timeout=40)
    operator.stop()
    operator.start()
    ended = space.wait_update("RolledBack", "RolledForward", timeout=60)
    assert ended["status"]["phase"] == "RolledBack"
    assert 5 <= len(web.asked) <= 6


def test_a_continuous_gate_is_asked_while_it_watches(space: Space, web: Web) -> None:
    watching = gate("errors", scope="Continuous", http={"url": web.url})
    space.made(gated(watching, instances=2, watchAfterSeconds=600))
    space.set_image("web:2")
    seen = space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["reason"] == "Watching", timeout=40
    )
    assert seen["status"]["counts"]["updated"] == 2
    asked = len(web.asked)
    space.until("more questions", lambda: len(web.asked) > asked + 2, 20)
    written = space.update("web-g2")["metadata"]["resourceVersion"]
    asked = len(web.asked)
    space.until("more questions", lambda: len(web.asked) > asked + 2, 20)
    now = space.update("web-g2")["metadata"]["resourceVersion"]
    assert now == written, "a gate that continues to pass causes no write"
    web.answer = lambda _: (500, "")
    at = time.time()
    ended = space.wait_update("RollingBack", "RolledBack", timeout=40)
    assert time.time() - at < 5
    assert turn(ended, "RollingBack")["reason"] == "GateFailed"
    assert "gate errors failed" in turn(ended, "RollingBack")["message"]
    space.wait_update("RolledBack", timeout=40)


def test_a_continuous_gate_outlives_single_failures(space: Space, web: Web) -> None:
    """Also long after the first ``timeoutSeconds``: they start again at each loss of the
    verdict."""
    watching = gate(scope="Continuous", http={"url": web.url}, failures=3, timeoutSeconds=3)
    space.made(gated(watching, instances=1, watchAfterSeconds=9))
    # Every fourth question fails.
    web.answer = lambda _: (500 if len(web.asked) % 4 == 0 else 200, "")
    ended = space.roll("web:2", timeout=60)
    assert ended["status"]["phase"] == "RolledForward"
    assert space.observer.phases("web-g2") == ["Pending", "RollingForward", "RolledForward"]


def test_a_final_gate_is_asked_once_all_are_updated(space: Space, web: Web) -> None:
    every = gate("each", http={"url": f"{web.url}/each"})
    last = gate("last", scope="Final", http={"url": f"{web.url}/last"})
    space.made(gated(every, last, instances=4, strategy=batch(2)))
    ended = space.roll("web:2", timeout=40)
    assert ended["status"]["phase"] == "RolledForward"
    assert [asked.path for asked in web.asked] == ["/each", "/each", "/last"]


def test_a_person_pauses_and_no_gate_is_asked(space: Space, web: Web) -> None:
    web.answer = lambda _: verdict("Wait")
    asks = gate(webhook={"url": web.url}, timeoutSeconds=5)
    space.made(gated(asks, instances=1))
    space.set_image("web:2")
    space.until("a question", lambda: bool(web.asked), 40)
    space.api.patch(space.path("updates", "web-g2"), {"spec": {"paused": True}})
    space.wait_update("RollForwardPaused")
    asked = len(web.asked)
    time.sleep(5)
    assert len(web.asked) <= asked + 1, "one question may have been on its way"
    asked = len(web.asked)
    space.api.patch(space.path("updates", "web-g2"), {"spec": {"paused": False}})
    space.wait_update("RollingForward")
    space.until("a question", lambda: len(web.asked) > asked, 20)
    web.answer = lambda _: verdict("Pass", "approved by somebody")
    ended = space.wait_update("RolledForward", timeout=40)
    assert state(ended)["message"] == "approved by somebody"


def test_the_history_can_be_read(space: Space, web: Web) -> None:
    web.answer = lambda _: verdict("Fail", "error budget is used up")
    space.made(gated(gate("budget", webhook={"url": web.url})))
    ended = space.roll("web:2", timeout=40)
    told = [(h["phase"], h["reason"], h["by"]) for h in ended["status"]["history"]]
    assert told == [
        ("RolledBack", "GateFailed", "echelon"),
        ("RollingBack", "GateFailed", "echelon"),
        ("RollingForward", "Admitted", "echelon"),
    ]
    shown = space.kubectl("get", "eup/web-g2")
    assert "gate budget failed after group 1: error budget is used up" in shown
    assert "gate budget failed" in space.kubectl("get", "ejob/web", "-o", "wide")
