"""`kill -9` of the operator at any moment loses nothing and repeats nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.manifests import by_revision, ids, is_true, job, queue
from hack.harness.operator import USER, Operator
from hack.harness.proxy import Asked, Proxy
from hack.harness.space import Space


def _rolling(updated: int) -> Callable[[Space], bool]:
    def probe(space: Space) -> bool:
        newest = space.updates()[-1:]
        status = newest[0].get("status", {}) if newest else {}
        return (
            status.get("phase") == "RollingForward"
            and status.get("counts", {}).get("updated", 0) >= updated
        )

    return probe


def _replaced(instance: int) -> Callable[[Space], bool]:
    return lambda space: len(space.observer.uids().get(instance, ())) == 2


def _going(instance: int) -> Callable[[Space], bool]:
    return lambda space: any(
        seen.kind == "Pod" and seen.object.instance == instance and seen.object.deleting
        for seen in space.observer.events()
    )


MOMENTS: dict[str, Callable[[Space], bool]] = {
    "the Update was just made": lambda space: bool(space.updates()),
    "it was admitted": _rolling(0),
    "the first pod is going": _going(0),
    "the first pod is new": _replaced(0),
    "one is updated": _rolling(1),
    "the third pod is new": _replaced(2),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_update_goes_on_after_the_operator_was_killed(
    space: Space, operator: Operator, moment: str
) -> None:
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2")
    space.until(moment, lambda: MOMENTS[moment](space))
    operator.kill9()
    operator.start()
    ended = space.wait_update("RolledForward", timeout=30)
    assert ids(ended["status"]["instances"]["updated"]) == {0, 1, 2, 3}
    done = space.wait_ready()
    target = ended["status"]["to"]["revision"]
    assert by_revision(done["status"]["revisions"]) == {target: {0, 1, 2, 3}}
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(4), 2)
    assert len(space.updates()) == 1


BACK: dict[str, Callable[[Space], bool]] = {
    "it has failed": lambda space: "RollingBack" in space.observer.phases("web-g2"),
    "one is restored": lambda space: len(space.observer.uids()[2]) == 3,
}


@pytest.mark.parametrize("moment", BACK)
def test_a_rollback_goes_on_after_the_operator_was_killed(
    space: Space, operator: Operator, moment: str
) -> None:
    quick = {"readyTimeoutSeconds": 3, "maxFailuresPerInstance": 0}
    old = space.made(job(instances=5, strategy=queue(1), update=quick))["status"]["currentRevision"]
    space.set_image("web:2", behaviour="never-ready", instances="2")
    space.until(moment, lambda: BACK[moment](space), timeout=30)
    operator.kill9()
    operator.start()
    ended = space.wait_update("RolledBack", timeout=30)
    assert ids(ended["status"]["instances"]["rolledBack"]) == {0, 1, 2}
    after = space.wait_job("stalled", lambda j: is_true(j, "Stalled"))
    assert by_revision(after["status"]["assigned"]) == {old: {0, 1, 2, 3, 4}}
    lives = {i: len(uids) for i, uids in space.observer.uids().items()}
    assert lives == {0: 3, 1: 3, 2: 3, 3: 1, 4: 1}


def test_a_deadline_runs_on_while_the_operator_is_dead(space: Space, operator: Operator) -> None:
    space.made(job(instances=2, update={"readyTimeoutSeconds": 3, "maxFailuresPerInstance": 0}))
    space.set_image("web:2-never-ready")
    space.until("the new pod", lambda: 0 in space.pods() and "never" in space.pods()[0].image)
    operator.kill9()
    operator.start()
    ended = space.wait_update("RolledBack", timeout=15)
    assert len(ended["status"]["failures"]) == 1


def test_failures_are_counted_once_whoever_counts(space: Space, operator: Operator) -> None:
    space.made(job(instances=2, min_ready=2, update={"maxFailuresPerInstance": 1}))
    space.set_image("web:2", behaviour="crash", crash_after="100ms")
    space.wait_update("RollingForward", probe=lambda u: u["status"].get("failureCounts"))
    operator.kill9()
    operator.start()
    ended = space.wait_update("RolledForward", "RolledBack", timeout=30)
    assert ended["status"]["phase"] == "RolledForward"
    assert ended["status"]["failureCounts"] == {"1": "0-1"}


def test_a_job_made_while_the_operator_is_dead_is_seen(space: Space, operator: Operator) -> None:
    operator.kill9()
    space.create(job(instances=3))
    operator.start()
    space.wait_ready()
    assert {len(uids) for uids in space.observer.uids().values()} == {1}


def test_a_first_creation_goes_on_after_the_operator_was_killed(
    space: Space, operator: Operator
) -> None:
    space.create(job(instances=30))
    space.until("the first pods", lambda: len(space.pods()) >= 2)
    operator.kill9()
    operator.start()
    space.wait_ready(timeout=30)
    assert {i: len(u) for i, u in space.observer.uids().items()} == dict.fromkeys(range(30), 1)


def test_an_end_of_the_process_in_good_order_hands_everything_over(
    space: Space, operator: Operator
) -> None:
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2", behaviour="ready-after", ready_after="300ms")
    space.until("one is updated", lambda: _rolling(1)(space))
    assert operator.stop() == 0
    operator.start()
    space.wait_update("RolledForward")


class Killer:
    """Kills an operator after the API server has answered the n-th write of each process, and
    before the operator receives the answer."""

    def __init__(self, operator: Operator, nth: int) -> None:
        self.writes: list[Asked] = []
        self._operator = operator
        self._nth = nth
        self._left = nth
        self._lock = threading.Lock()
        self.dead = threading.Event()

    def __call__(self, asked: Asked) -> None:
        with self._lock:
            if asked.lease or "/events" in asked.path or self.dead.is_set():
                return
            self.writes.append(asked)
            self._left -= 1
            if self._left == 0:
                self._operator.kill9()
                self.dead.set()

    def revive(self) -> None:
        with self._lock:
            self._left = self._nth
            self.dead.clear()
            self._operator.start(ready=False)

    def rest(self) -> None:
        """Stop killing. Returns when a kill in progress has finished."""
        with self._lock:
            self.dead.set()


@pytest.fixture
def killed_often(
    cluster: Cluster, operator: Operator
) -> Iterator[Callable[[int], tuple[Killer, Proxy]]]:
    """Replaces the session's operator by one behind a proxy, with the same Lease."""
    operator.stop()
    with Proxy(cluster, USER) as proxy:
        other, killers = Operator(cluster, "tests", kubeconfig=proxy.kubeconfig), list[Killer]()

        def make(nth: int) -> tuple[Killer, Proxy]:
            killers.append(Killer(other, nth))
            return killers[-1], proxy

        yield make
        for killer in killers:
            killer.rest()
        other.close()


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("good", [True, False], ids=["forward", "back"])
def test_an_operator_killed_after_each_of_its_writes_still_does_everything_once(
    space: Space, killed_often: Callable[[int], tuple[Killer, Proxy]], nth: int, good: bool
) -> None:
    killer, proxy = killed_often(nth)
    proxy.answered = killer
    killer.revive()
    wish = job(
        instances=2,
        strategy=queue(1),
        update={"readyTimeoutSeconds": 0, "maxFailuresPerInstance": 0},
    )
    space.create(wish)

    def live_until(done: Callable[[], object], lives: int) -> None:
        for _ in range(lives):
            if done():
                return
            if killer.dead.wait(0.2):
                killer.revive()
        raise AssertionError(f"not done; the writes: {killer.writes}\n{space.explain()}")

    def phase_now() -> str:
        newest = space.updates()[-1:]
        return str(newest[0]["status"].get("phase")) if newest else ""

    live_until(lambda: len(space.pods()) == 2 and is_true(space.job(), "Ready"), 400)
    space.set_image("web:2" if good else "web:2-crash-loop")
    end = "RolledForward" if good else "RolledBack"
    live_until(lambda: phase_now() in ("RolledForward", "RolledBack", "Failed"), 900)
    assert phase_now() == end
    lives = {i: len(uids) for i, uids in space.observer.uids().items()}
    assert lives == ({0: 2, 1: 2} if good else {0: 3, 1: 1})
