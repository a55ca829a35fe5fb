"""A queue of the keys that a process owns."""

from __future__ import annotations

from controller.kube.workqueue import WorkQueue
from tests.unit.kube.conftest import Clock
from tests.unit.kube.test_workqueue import take


async def test_it_holds_only_keys_that_it_accepts(clock: Clock) -> None:
    accepted = {"mine", "theirs"}
    queue = WorkQueue[str](clock=clock, jitter=lambda: 1.0, accepts=lambda k: k[:-1] in accepted)
    for number in "12":
        queue.add("mine" + number)
        queue.add("theirs" + number)
    assert [await take(queue), await take(queue)] == ["mine1", "theirs1"]
    for key in ("mine", "theirs"):
        queue.add(key + "1")  # While it is in work.
        queue.add_at(key + "3", clock() + 5)
        queue.retry(key + "4")
    accepted.discard("theirs")
    queue.sift()
    queue.add("theirs5")
    queue.add_at("theirs5", clock() + 1)
    queue.retry("theirs5")
    for key in ("theirs1", "mine1"):
        queue.done(key)
    clock.pass_by(1000)
    queue.promote()
    found = [await take(queue) for _ in range(queue.depth)]
    assert sorted(found) == ["mine1", "mine2", "mine3", "mine4"]
    for key in found:
        queue.done(key)
    assert (queue.depth, queue.oldest_age(), queue.stuck_for()) == (0, 0.0, 0.0)
    accepted.add("theirs")
    queue.add("theirs1")
    assert await take(queue) == "theirs1"


async def test_a_waiting_key_that_became_another_process_s_is_not_taken(clock: Clock) -> None:
    """A Job that is created anew under the same name can belong to another shard."""
    accepted = {"a", "b"}
    queue = WorkQueue[str](clock=clock, accepts=accepted.__contains__)
    queue.add("a")
    queue.add("b")
    accepted.discard("a")
    assert await take(queue) == "b"
    assert queue.depth == 0
    accepted.add("a")
    queue.add("a")
    assert await take(queue) == "a"
