"""Aurora's tests on a real API server: those that need one, and one of each other kind.

All of Aurora's tests run on a simulated cluster, in `tests/unit/core/aurora`.
"""

from __future__ import annotations

import pytest

from hack.devcluster.api import ApiError
from hack.harness.manifests import batch, queue, variable_batch
from tests.unit.core.aurora.stage import Stage
from tests.unit.core.aurora.test_instance_updater import (
    test_instance_old_task_dies_and_rescheduled,
    test_instance_update_retry_in_the_same_pod,
)
from tests.unit.core.aurora.test_job_diff import test_multiple_configs_are_restored_each
from tests.unit.core.aurora.test_job_updater import (
    test_row_1_a_strangers_pod_of_a_high_id_is_ignored,
    test_row_1_successful_update,
    test_row_24_with_a_deadline_it_fails,
)
from tests.unit.core.aurora.test_job_updater_pulse import (
    test_row_2_silence_is_noticed_by_a_timer,
    test_row_38_successful_batch_update_auto_pause,
)
from tests.unit.core.aurora.test_job_updater_rollback import (
    test_row_15_rollback_with_a_created_instance,
    test_row_18_rollback_failed,
)
from tests.unit.core.aurora.test_rules import test_failover
from tests.unit.core.aurora.test_state_machine import (
    test_all_that_verbs_and_pulses_do,
    test_forward_to_error,
    under_way,
    walk,
)

__all__ = [
    "test_all_that_verbs_and_pulses_do",
    "test_failover",
    "test_forward_to_error",
    "test_instance_old_task_dies_and_rescheduled",
    "test_instance_update_retry_in_the_same_pod",
    "test_multiple_configs_are_restored_each",
    "test_row_1_a_strangers_pod_of_a_high_id_is_ignored",
    "test_row_1_successful_update",
    "test_row_2_silence_is_noticed_by_a_timer",
    "test_row_15_rollback_with_a_created_instance",
    "test_row_18_rollback_failed",
    "test_row_24_with_a_deadline_it_fails",
    "test_row_38_successful_batch_update_auto_pause",
]


def test_what_goes_back_never_goes_forward_again(stage: Stage) -> None:
    under_way(stage)
    walk(stage, "rollback:RBK")
    with pytest.raises(ApiError, match="moves only from Proceed to Rollback to Abort"):
        stage.say(action="Proceed")


def test_bad_parameter(stage: Stage) -> None:
    for strategy in (queue(0), batch(0), variable_batch(0), {"type": "Canary"}):
        with pytest.raises(ApiError) as refused:
            stage.begin(1, strategy=strategy)
        assert refused.value.code == 422
