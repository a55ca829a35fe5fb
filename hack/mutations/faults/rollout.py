"""Faults in how an update goes on: groups, order, failures, gates and their verdicts."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_CORE: Final = "controller/core"
_TESTS: Final = "tests/unit/core"

FAULTS: Final = (
    # model
    Fault(
        file=f"{_CORE}/model/policy.py",
        old="isinstance(value, int) else whole * _percent(value) // 100",
        new="isinstance(value, int) else -(-whole * _percent(value) // 100)",
        breaks="A tolerance in percent is rounded up, so an update may fail once more.",
        tests=(f"{_TESTS}/model/test_policy.py",),
    ),
    Fault(
        file=f"{_CORE}/model/context.py",
        old="token not in (None, last.retry_token)",
        new="token != last.retry_token",
        breaks="Removing the retryToken tries a failed template again.",
        tests=(f"{_TESTS}/admission/test_automatic.py",),
    ),
    # rollout
    Fault(
        file=f"{_CORE}/rollout/strategy.py",
        old="max(0, groups[0] - active)",
        new="max(0, groups[0] - active + 1)",
        breaks="A Queue has one instance more in flight than its size.",
        tests=(f"{_TESTS}/rollout/test_strategy.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/strategy.py",
        old="        if end > taken:",
        new="        if end >= taken:",
        breaks="A VariableBatch repeats the size of a group that is done.",
        tests=(f"{_TESTS}/rollout/test_strategy.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/strategy.py",
        old="    if active or pending <= 0:",
        new="    if pending <= 0:",
        breaks="The next batch starts before the batch in flight is done.",
        tests=(f"{_TESTS}/rollout/test_strategy.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/order.py",
        old="chain(created, *_tiers(first, unavailable, marked),",
        new="chain(*_tiers(first, unavailable, marked), created,",
        breaks="Instances are replaced before the new ones have added their capacity.",
        tests=(f"{_TESTS}/rollout/test_order.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/failures.py",
        old="if count > limit)",
        new="if count >= limit)",
        breaks="An instance has failed at the last failure that maxFailuresPerInstance tolerates.",
        tests=(f"{_TESTS}/rollout/test_failures.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/failures.py",
        old="if pod.deleted is not None or pod.disrupted:",
        new="if pod.deleted is not None:",
        breaks="A pod that was evicted or drained counts as a failure of the new version.",
        tests=(f"{_TESTS}/rollout/test_outage.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/failures.py",
        old="direction.in_flight | direction.done - direction.moved",
        new="direction.in_flight | direction.done",
        breaks="An instance that does not come up where a Maintenance moved it fails its Update.",
        tests=(f"{_TESTS}/replacement/test_moves_and_updates.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/failures.py",
        old="yield surely_past(max(float(second), self.direction.began), grace), waiting",
        new="yield max(float(second), self.direction.began) + grace, waiting",
        breaks="A deadline passes up to a second early, because creation stamps are cut.",
        tests=(f"{_TESTS}/test_moments.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/failures.py",
        old="Ids(i for i in late if self._excused_until(i) <= self.now)",
        new="late",
        breaks="The time that a pod spends on a lost node makes a failure of it.",
        tests=(f"{_TESTS}/rollout/test_lost_nodes.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/failures.py",
        old="old = instance in self._awaiting_twin | self.outage.change_refused",
        new="old = instance in self.outage.change_refused",
        breaks="The failure of a surge whose new pod is refused names the cause of its old pod.",
        tests=(f"{_TESTS}/rollout/test_surge.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/blame.py",
        old="return reason not in CIRCUMSTANCES",
        new="return bool(reason)",
        breaks="A quota or a full cluster makes a good revision known bad.",
        tests=(f"{_TESTS}/rollout/test_blame.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/outage.py",
        old="self.stored[i] if i in self.stored else self._down_since(i)",
        new="self._down_since(i)",
        breaks="Each new pod of an instance that is down begins its deadline anew.",
        tests=(f"{_TESTS}/rollout/test_outage.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/surge.py",
        old="direction.in_flight & direction.surging & direction.context.view.twin.good",
        new="direction.in_flight & direction.surging & direction.context.view.twin.alive",
        breaks="A surge deletes the old pod before the new one is good.",
        tests=(f"{_TESTS}/rollout/test_surge.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/direction.py",
        old="return self.done - self.removed - self.context.view.ready",
        new="return NONE",
        breaks="The next group starts while an updated instance is not Ready any more.",
        tests=(f"{_TESTS}/progress/test_advance.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/phases.py",
        old="return target in _LEGAL.get(current, frozenset())",
        new="return target in _LEGAL.get(current, FORWARD)",
        breaks="An Update that has ended may start again.",
        tests=(f"{_TESTS}/rollout/test_phases.py",),
    ),
    # gates and verdicts
    Fault(
        file=f"{_CORE}/gates/gates.py",
        old="covered + self._queue - self.through - len(self._started))",
        new="covered + self._queue - self.through)",
        breaks="A Queue starts instances of the next group before the gate has passed this one.",
        tests=(f"{_TESTS}/gates",),
    ),
    Fault(
        file=f"{_CORE}/gates/gates.py",
        old="if self.direction.backward or not self.direction.work:",
        new="if self.direction.restart or not self.direction.work:",
        breaks="A rollback waits for the very gates that failed the update.",
        tests=(f"{_TESTS}/gates",),
    ),
    Fault(
        file=f"{_CORE}/gates/run.py",
        old="stamp <= state.time)",
        new="stamp < state.time)",
        breaks="One answer of a gate counts again at every decision.",
        tests=(f"{_TESTS}/gates",),
    ),
    Fault(
        file=f"{_CORE}/gates/run.py",
        old='changes |= {"successes": 0, "failures": failures}',
        new='changes |= {"failures": failures}',
        breaks="The passes of a gate need not be consecutive.",
        tests=(f"{_TESTS}/gates",),
    ),
    Fault(
        file=f"{_CORE}/verdicts/answer.py",
        old='return inconclusive(f"{target}: {words}{_more(len(silent))}", value)',
        new='return failed(f"{target}: {words}{_more(len(silent))}", value)',
        breaks="A target that cannot be reached fails the update instead of being inconclusive.",
        tests=(f"{_TESTS}/verdicts/test_answer.py",),
    ),
    Fault(
        file=f"{_CORE}/verdicts/prometheus.py",
        old="math.isnan(count) or count < least:",
        new="math.isnan(count) or count <= least:",
        breaks="A gate wants one sample more than minSamples says.",
        tests=(f"{_TESTS}/verdicts/test_prometheus.py",),
    ),
)
