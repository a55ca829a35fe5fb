"""Which instances a retry tries, and how."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.job import Job
from controller.api.update import Update
from controller.view.retry import Retry, failed_instances, retry_of
from controller.view.verbs import Refused
from tests.unit.view.raw import ago, job, ranges, update

TURN = {"time": ago(30), "phase": "RollingBack"}
POLICY = {"strategy": {"type": "Queue", "size": 1}, "maxFailuresPerInstance": 1}
TO = {"revision": "web-b", "instances": "0-9"}


def failure(instance: int, attempt: int = 2, seconds_ago: float = 40) -> dict[str, Any]:
    return {
        "instance": instance,
        "attempt": attempt,
        "reason": "Error",
        "time": ago(seconds_ago),
    }


def failed(**status: Any) -> Update:
    """An Update that stopped where it was."""
    return update(
        **{"phase": "Failed", "policy": POLICY, "to": TO, "instances": {"failed": "2,4"}, **status}
    )


def rolled_back(*failures: dict[str, Any], **status: Any) -> Update:
    base = {"phase": "RolledBack", "turn": TURN, "policy": POLICY, "to": TO}
    return update(**{**base, "failures": list(failures), **status})


def retry(subject: Update, of: Job | None = None, **kwargs: Any) -> Retry:
    found = retry_of(subject, of or job(10), **kwargs)
    assert isinstance(found, Retry), found
    return found


def refusal(subject: Update, of: Job | None = None) -> Refused:
    found = retry_of(subject, of or job(10))
    assert isinstance(found, Refused), found
    return found


def test_the_failed_instances_alone_go_to_the_same_revision() -> None:
    found = retry(failed(), job(10, assigned=ranges(a="5-9", b="0-4")))
    assert found.body["spec"] == {
        "job": "web",
        "instances": "2,4",
        "revision": "web-b",
        "force": True,
        "restart": True,
        "message": "retry of web-g2",
    }
    meta = found.body["metadata"]
    assert meta["generateName"] == "web-g2-retry-"
    assert meta["labels"] == {"echelon.dev/job": "web"}


def test_after_a_rollback_no_restart_is_needed() -> None:
    found = retry(rolled_back(failure(3)), job(10, assigned=ranges(a="0-9")), message="once more")
    spec = found.body["spec"]
    assert (spec["instances"], spec["revision"], spec["force"]) == ("3", "web-b", True)
    assert "restart" not in spec
    assert spec["message"] == "once more"


def test_failures_that_were_tolerated_or_of_the_rollback_do_not_count() -> None:
    subject = rolled_back(failure(5, 2, seconds_ago=10), failure(3), failure(2, 1), failure(3, 1))
    assert str(failed_instances(subject)) == "3"


def test_failures_that_are_no_longer_known_are_counted() -> None:
    subject = rolled_back(failure(3), counts={"total": 10, "failed": 4})
    assert retry(subject).missing == 3


def test_a_failed_rollback_is_retried_where_the_instances_are() -> None:
    subject = failed(turn=TURN, instances={"rollbackFailed": "1"})
    spec = retry(subject).body["spec"]
    assert (spec["instances"], spec["restart"]) == ("1", True)
    assert "revision" not in spec


def test_a_restart_is_retried_as_one() -> None:
    spec = retry(failed(to={"instances": "0-9"}, restart=True)).body["spec"]
    assert spec["restart"] is True
    assert "revision" not in spec


def test_its_policy_comes_along_as_it_was_written() -> None:
    policy = {"rollbackOnFailure": False, "ofANewerVersion": 1}
    assert retry(failed(), policy=policy).body["spec"]["policy"] == policy


def test_retries_of_retries_keep_their_names_short() -> None:
    found = retry_of(
        update("web-g2-retry-x7k2p", phase="Failed", to=TO, instances={"failed": "2"}), job(10)
    )
    assert isinstance(found, Retry)
    assert found.body["metadata"]["generateName"] == "web-g2-retry-"


def test_instances_that_were_scaled_away_are_left_out() -> None:
    assert str(retry(failed(), job(3)).instances) == "2"
    assert "scaled" in refusal(failed(), job(2)).why


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (update(phase="RollingForward"), "has not ended"),
        (update(phase="Superseded", instances={"failed": "1"}), "superseded"),
        (update(phase="Planned", spec={"dryRun": True}), "dry run"),
        (update(phase="RolledForward"), "no instance of Update web-g2 failed (RolledForward)"),
        (
            rolled_back(gates=[{"name": "errors", "result": "Failed"}]),
            "failed (RolledBack): gate errors did",
        ),
        (rolled_back(*(failure(1, 1) for _ in range(50))), "the newest 50 failures are kept"),
    ],
)
def test_nothing_to_retry(subject: Update, words: str) -> None:
    assert words in refusal(subject).why


def test_another_update_is_active() -> None:
    found = refusal(failed(), job(10, activeUpdate={"name": "web-g3", "uid": "u"}))
    assert "Update web-g3 of Job web is active" in found.why
    assert "echelon update wait web-g3 -n shop" in found.hint


def test_an_update_that_only_its_job_remembers() -> None:
    found = rolled_back()
    metadata = found.metadata.model_copy(update={"resource_version": "deleted"})
    gone = found.model_copy(update={"metadata": metadata})
    refused = retry_of(gone, job(10))
    assert isinstance(refused, Refused)
    assert refused.why == "Update web-g2 is deleted, and its failures are deleted with it"
    assert "`echelon job retry web -n shop`" in refused.hint
