"""Questions to gates: one at a time, in the background, and an answer is only cached."""

from __future__ import annotations

import asyncio

import pytest

from controller.api.gate import Gate
from controller.api.ids import NONE
from controller.core.model.plan import AskGate
from controller.core.verdicts.answer import Answer, Verdict, judge_job, judge_webhook
from controller.reconcile.entry import Key
from controller.reconcile.gate_runner import GateRunner
from tests.unit.reconcile.fake_api import KEY, NOW, Shop

GATE = Gate.model_validate({"name": "g", "http": {"url": "http://gate"}})
ASK = AskGate(GATE, "web-g2", 0, "run", NONE, NONE, NOW)


class Outside:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def ask(self, *_: object) -> Answer:
        self.asked += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return Answer(Verdict.PASS)


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.job()
    shop.update("web-g2")
    return shop


async def test_one_question_at_a_time(shop: Shop) -> None:
    outside, settled = Outside(), list[Key]()
    runner = GateRunner(outside.ask, settled.append, lambda *_: None, lambda: NOW)
    for _ in range(3):
        runner.act(shop.entry, [ASK])
    await asyncio.sleep(0)
    assert (outside.asked, shop.entry.asking, settled) == (1, {"g"}, [])
    outside.go.set()
    await asyncio.gather(*runner._tasks)
    assert (shop.entry.asking, settled) == (set(), [KEY])
    assert shop.entry.answers[("u-web-g2", "g")].answer.verdict is Verdict.PASS


async def test_given_up_it_leaves_nothing(shop: Shop) -> None:
    outside, settled = Outside(), list[Key]()
    runner = GateRunner(outside.ask, settled.append, lambda *_: None, lambda: NOW)
    runner.act(shop.entry, [ASK])
    await asyncio.sleep(0)
    runner.stop()
    await asyncio.gather(*runner._tasks, return_exceptions=True)
    assert (shop.entry.asking, shop.entry.answers, settled) == (set(), {}, [])


async def test_questions_of_other_jobs_go_on(shop: Shop) -> None:
    outside, settled = Outside(), list[Key]()
    runner = GateRunner(outside.ask, settled.append, lambda *_: None, lambda: NOW)
    runner.act(shop.entry, [ASK])
    await asyncio.sleep(0)
    runner.stop(kept=lambda key: key == KEY)
    outside.go.set()
    await asyncio.gather(*runner._tasks)
    assert settled == [KEY]


async def test_an_update_that_is_gone_is_not_asked_about(shop: Shop) -> None:
    outside = Outside()
    runner = GateRunner(outside.ask, lambda _: None, lambda *_: None, lambda: NOW)
    shop.store.drop_update("ns/web-g2", "u-web-g2")
    runner.act(shop.entry, [ASK])
    await asyncio.sleep(0)
    assert outside.asked == 0


@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        (Answer(Verdict.PASS), "Pass"),
        (judge_webhook(200, b'{"verdict": "Wait"}'), "Wait"),
        (judge_job(None, ""), "Wait"),
        (judge_webhook(500, b""), "Inconclusive"),
    ],
)
async def test_an_answer_that_waits_counts_as_no_fault(
    shop: Shop, answer: Answer, counted: str
) -> None:
    """The alert about gates without useful answers counts the inconclusive ones."""
    observed = list[str]()

    async def ask(*_: object) -> Answer:
        return answer

    def observe(_provider: str, verdict: str, *_: float) -> None:
        observed.append(verdict)

    runner = GateRunner(ask, lambda _: None, observe, lambda: NOW)
    runner.act(shop.entry, [ASK])
    await asyncio.gather(*runner._tasks)
    assert observed == [counted]
