"""The estimate of an update: from the Job's last updates, at least what the policy prescribes."""

from __future__ import annotations

from dataclasses import replace

from controller.api.policy import ResolvedPolicy, ResolvedStrategy, StrategyType
from controller.api.preview import Estimate
from controller.api.strategy import Pause
from controller.api.update import Phase, UpdateStatus
from controller.core.admission.estimate import estimate
from controller.core.model.observed import Finished

START = 1_750_000_000.0


def draft(min_ready: int = 0, after: int = 0) -> UpdateStatus:
    strategy = ResolvedStrategy(type=StrategyType.QUEUE, size=1)
    policy = ResolvedPolicy(strategy=strategy, watch_after_seconds=after)
    return UpdateStatus(policy=policy, min_ready_seconds=min_ready)


def past(seconds: float, updated: int = 10, ago: float = 0.0, **other: object) -> Finished:
    end = START - ago
    one = Finished(f"web-{ago}", "u", Phase.ROLLED_FORWARD, True, end - seconds)
    one = replace(one, started=end - seconds, finished=end, updated=updated)
    return replace(one, **other)  # type: ignore[arg-type]


def with_pauses(*pauses: Pause, min_ready: int = 0) -> UpdateStatus:
    strategy = ResolvedStrategy(type=StrategyType.BATCH, size=1, pauses=pauses)
    policy = ResolvedPolicy(strategy=strategy)
    return UpdateStatus(policy=policy, min_ready_seconds=min_ready)


def test_pauses_with_an_end_are_prescribed_times_if_another_group_follows() -> None:
    given = with_pauses(Pause(after=1, seconds=60), Pause(after=3, seconds=600), min_ready=10)
    found = estimate([], given, instances=3, watched=3, groups=3)
    assert found is not None
    assert found.seconds == 90
    assert "minReadySeconds (10 s) for each of 3 groups and pauses (60 s)" in found.from_


def test_a_pause_without_an_end_is_said() -> None:
    given = with_pauses(Pause(after=1))
    found = estimate([past(35.0)], given, instances=10, watched=3, groups=3)
    assert found is not None
    assert found.seconds == 35
    assert found.from_.endswith("the time until somebody changes resumeToken is added")


def test_the_estimate_is_scaled_from_the_last_update() -> None:
    found = estimate([past(35.0)], draft(), instances=100, watched=10)
    words = "3.5 s per instance, as in the last completed update"
    assert found == Estimate(seconds=350, from_=words)


def test_an_update_that_was_paused_for_a_night_does_not_distort_the_estimate() -> None:
    ordinary = [past(20.0, ago=n * 100.0) for n in range(4)]
    found = estimate([past(40_000.0, ago=999.0), *ordinary], draft(), instances=10, watched=1)
    words = "2.0 s per instance, as in the last completed 5 updates"
    assert found == Estimate(seconds=20, from_=words)


def test_only_the_newest_updates_count() -> None:
    old = [past(1000.0, ago=1000.0 + n) for n in range(20)]
    new = [past(10.0, ago=float(n)) for n in range(5)]
    found = estimate([*old, *new], draft(), instances=10, watched=1)
    assert found is not None
    assert found.seconds == 10


def test_updates_that_did_not_complete_do_not_count() -> None:
    others = [past(9.0, phase=p) for p in Phase if p is not Phase.ROLLED_FORWARD]
    empty = [past(9.0, updated=0), past(-1.0), past(9.0, started=0.0)]
    assert estimate([*others, *empty], draft(), instances=10, watched=1) is None


def test_without_earlier_updates_the_estimate_is_what_the_policy_prescribes() -> None:
    found = estimate([], draft(min_ready=10), instances=100, watched=12)
    assert found is not None
    assert found.seconds == 120
    words = (
        "minReadySeconds (10 s) for each of 12 groups; the time that pods take to start and stop"
    )
    assert found.from_.startswith(words)
    found = estimate([], draft(min_ready=10, after=300), instances=1, watched=1)
    assert found is not None
    assert found.seconds == 310
    assert "for the only group and watchAfterSeconds (300 s);" in found.from_
    found = estimate([], draft(min_ready=10, after=300), instances=1, watched=0)
    assert found is not None
    assert found.seconds == 300
    assert found.from_.startswith("watchAfterSeconds (300 s);"), "removed pods need not be Ready"


def test_the_estimate_is_at_least_what_the_policy_prescribes() -> None:
    found = estimate([past(10.0)], draft(min_ready=60), instances=10, watched=10)
    assert found is not None
    assert found.seconds == 600
    assert found.from_.startswith("minReadySeconds")


def test_there_is_no_estimate_without_instances() -> None:
    assert estimate([past(10.0)], draft(min_ready=60, after=9), instances=0, watched=0) is None


def test_an_update_that_started_and_ended_within_a_second_counts() -> None:
    found = estimate([past(0.0, updated=4)], draft(), instances=8, watched=1)
    assert found is not None
    assert (found.seconds, found.from_.startswith("0.2 s per instance")) == (2, True)


def test_instances_that_have_to_count_again_take_their_time() -> None:
    found = estimate([past(20.0)], draft(10, after=5), instances=10, watched=1, sla=900)
    assert found == Estimate(
        seconds=915, from_="sla (900 s until the last instances may be taken down)"
    )
