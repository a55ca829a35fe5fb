"""Job and Update: absent fields have their defaults; present fields survive a round trip."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from controller.api import update
from controller.api.ids import NONE, Ids
from controller.api.job import (
    ActiveUpdate,
    Job,
    JobStatus,
    LastAttempt,
    RevisionRange,
)
from controller.api.known_bad import KnownBad
from controller.api.meta import IntOrPercent, UpdateMeta, wire
from controller.api.policy import (
    Gate,
    Mode,
    PolicyPatch,
    Replacement,
    ResolvedPolicy,
    ResolvedStrategy,
    Strategy,
    StrategyType,
    UpdatePolicy,
)
from controller.api.update import (
    BatchStatus,
    Counts,
    Failure,
    GateStatus,
    HistoryEntry,
    InstanceSets,
    Phase,
    Target,
    Update,
    UpdateSpec,
    UpdateStatus,
)

TEMPLATE: dict[str, Any] = {
    "metadata": {"creationTimestamp": None, "labels": {"a": "b"}},
    "spec": {"containers": [{"name": "a", "image": "b", "new": [None, 1.5, {"x": None}]}]},
}


def job(**spec: Any) -> Job:
    return Job.model_validate({"metadata": {"name": "web"}, "spec": {"template": TEMPLATE, **spec}})


def test_a_job_with_only_a_template_has_the_defaults_of_the_contract() -> None:
    spec = job().spec
    assert (spec.type, spec.instances, spec.min_ready_seconds) == ("Service", 1, 10)
    assert (spec.revision_history_limit, spec.update_history_limit) == (10, 10)
    assert spec.update == UpdatePolicy(
        mode=Mode.AUTOMATIC,
        strategy=Strategy(type=StrategyType.QUEUE, size=1),
        replacement=Replacement.RECREATE,
        max_unavailable=None,
        ready_timeout_seconds=600,
        termination_timeout_seconds=0,
        max_failures_per_instance=1,
        max_failed_instances=0,
        rollback_on_failure=True,
        gates=(),
        watch_after_seconds=0,
        pulse_interval_seconds=None,
        retry_token=None,
    )


def test_a_job_not_observed_yet_has_observed_generation_minus_one() -> None:
    assert wire(JobStatus()) == {
        "observedGeneration": -1,
        "instances": 0,
        "readyInstances": 0,
        "availableInstances": 0,
        "updatedInstances": 0,
    }


def test_the_template_is_kept_as_given() -> None:
    assert wire(job())["spec"]["template"] == TEMPLATE


def test_a_job_status_survives_a_round_trip() -> None:
    status = JobStatus(
        observed_generation=3,
        assigned=(
            RevisionRange(revision="web-a", instances=Ids.parse("0-3,7")),
            RevisionRange(revision="web-b", instances=Ids.parse("4-6")),
        ),
        slots=Ids([2]),
        instances_in_force=0,
        active_update=ActiveUpdate(name="web-g2", uid="u"),
        last_attempt=LastAttempt(revision="web-b", retry_token="again"),
        known_bad=(KnownBad(revision="web-c", images=("web:3",), reason="Failed", time=5.0),),
    )
    sent = wire(status)
    assert JobStatus.model_validate(sent) == status
    assert sent["assigned"][0] == {"revision": "web-a", "instances": "0-3,7"}
    assert sent["slots"] == "2"
    assert sent["instancesInForce"] == 0


def test_an_update_survives_a_round_trip() -> None:
    whole = Update(
        metadata=UpdateMeta(name="web-g2", uid="u", generation=1),
        spec=UpdateSpec(
            job="web",
            revision="web-b",
            instances="0-3",
            policy=PolicyPatch(
                strategy=Strategy(type=StrategyType.VARIABLE_BATCH, sizes=(1, "25%")),
                max_failed_instances="10%",
            ),
            message="why",
        ),
        status=UpdateStatus(
            phase=Phase.ROLLING_FORWARD,
            started_at=5.0,
            job_uid="j",
            policy=ResolvedPolicy(
                strategy=ResolvedStrategy(type=StrategyType.VARIABLE_BATCH, sizes=(1, 3)),
                max_unavailable="25%",
            ),
            min_ready_seconds=0,
            from_=(RevisionRange(revision="web-a", instances=Ids.span(0, 4)),),
            to=Target(revision="web-b", instances=Ids.span(0, 4)),
            counts=Counts(total=4, updating=1, pending=3),
            instances=InstanceSets(updating=Ids([0])),
            batch=BatchStatus(index=0, instances=Ids([0]), started_at=5.0),
            failure_counts={"1": Ids([0])},
            failures=(Failure(instance=0, attempt=1, reason="Crashed", exit_code=1, time=6.0),),
            gates=(GateStatus(name="errors", group=0, result="Pass", time=7.0),),
            history=(HistoryEntry(time=5.0, phase=Phase.ROLLING_FORWARD, by="operator"),),
        ),
    )
    sent = wire(whole)
    assert Update.model_validate(sent) == whole
    status = sent["status"]
    assert status["jobUID"] == "j"
    assert status["from"] == [{"revision": "web-a", "instances": "0-3"}]
    assert status["instances"] == {"updating": "0"}
    assert status["failureCounts"] == {"1": "0"}
    assert "paused" not in sent["spec"]


def test_the_model_accepts_invalid_instances_of_an_update_for_the_operator_to_reject() -> None:
    spec = UpdateSpec.model_validate({"job": "web", "instances": "3-1,x"})
    assert spec.instances == "3-1,x"


def test_a_patch_of_a_policy_has_no_defaults() -> None:
    assert wire(PolicyPatch()) == {}


@pytest.mark.parametrize(
    ("strategy", "sent", "groups"),
    [
        (
            ResolvedStrategy(type=StrategyType.QUEUE, size=3),
            {"type": "Queue", "size": 3, "autoPause": False},
            (3,),
        ),
        (
            ResolvedStrategy(type=StrategyType.BATCH, sizes=(4,), auto_pause=True),
            {"type": "Batch", "size": 4, "autoPause": True},
            (4,),
        ),
        (
            ResolvedStrategy(type=StrategyType.VARIABLE_BATCH, sizes=(1, 2)),
            {"type": "VariableBatch", "sizes": [1, 2], "autoPause": False},
            (1, 2),
        ),
    ],
)
def test_the_groups_of_a_resolved_strategy(
    strategy: ResolvedStrategy, sent: dict[str, Any], groups: tuple[int, ...]
) -> None:
    assert wire(strategy) == sent
    assert ResolvedStrategy.model_validate(sent) == strategy
    assert strategy.groups == groups


def test_an_absent_gate_field_means_what_the_contract_says() -> None:
    gate = Gate.model_validate({"name": "errors", "builtin": {}})
    assert (gate.scope, gate.on_inconclusive, gate.dry_run) == ("Batch", "Pause", False)
    assert (gate.initial_delay_seconds, gate.interval_seconds, gate.timeout_seconds) == (0, 10, 300)
    assert (gate.successes, gate.failures) == (1, 1)


@pytest.mark.parametrize("size", ["25", "101%", "-1%", "1.5%", " 1%", "%", "x"])
def test_an_invalid_percentage_is_refused(size: IntOrPercent) -> None:
    with pytest.raises(ValidationError):
        Strategy(type=StrategyType.QUEUE, size=size)


def test_every_phase_is_pending_or_active_or_terminal() -> None:
    assert update.FORWARD | update.BACKWARD == update.ACTIVE
    assert not update.FORWARD & update.BACKWARD
    assert update.ACTIVE | update.TERMINAL | {Phase.PENDING} == set(Phase)
    assert not update.ACTIVE & update.TERMINAL
    assert len(update.TERMINAL) == 8


def test_models_are_values() -> None:
    with pytest.raises(ValidationError):
        job().spec.instances = 2  # type: ignore[misc]
    assert JobStatus().slots is NONE
