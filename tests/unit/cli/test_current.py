"""When the Update of a Job's present template can be told."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.job import Job
from controller.cli.exits import Exit
from controller.cli.update.current import is_settled, waits_in_vain
from tests.unit.view.raw import condition, job

OLD = {"revision": "web-a", "update": "web-g1", "outcome": "RolledForward"}
ACTIVE = {"name": "web-g1", "uid": "u"}


def made(*conditions: Any, **status: Any) -> Job:
    """A Job whose template was tried."""
    base: dict[str, Any] = {"updateRevision": "web-a", "lastAttempt": OLD}
    return job(3, *conditions, **{**base, **status})


def pending(reason: str) -> Any:
    return condition("UpdatePending", reason, "why")


@pytest.mark.parametrize(
    ("subject", "settled"),
    [
        (made(), True),
        (made(observedGeneration=1), False),
        (made(activeUpdate=ACTIVE), True),
        (made(lastAttempt=None), True),
        (made(updateRevision="web-b"), False),
        # The Update of the template before is about to be superseded.
        (made(updateRevision="web-b", activeUpdate=ACTIVE), False),
        (made(pending("TemplateChanged"), updateRevision="web-b"), False),
        # A person's Update is not superseded.
        (made(pending("UpdateActive"), updateRevision="web-b", activeUpdate=ACTIVE), True),
        (made(pending("RolledBack")), True),
    ],
)
def test_is_settled(subject: Job, settled: bool) -> None:
    assert is_settled(subject) is settled


@pytest.mark.parametrize(("reason", "code"), [("KnownBad", Exit.REJECTED), ("Manual", Exit.ERROR)])
def test_a_template_that_gets_no_update_is_an_error(reason: str, code: Exit) -> None:
    error = waits_in_vain(made(pending(reason), updateRevision="web-b"))
    assert error is not None
    assert error.code is code
    assert error.message == f"Job web waits with its present template ({reason}): why"
    assert error.hint


def test_a_refused_template_is_rejected() -> None:
    stalled = condition("Stalled", "InvalidTemplate")
    error = waits_in_vain(made(pending("InvalidTemplate"), stalled, updateRevision="web-b"))
    assert error is not None
    assert error.code is Exit.REJECTED


@pytest.mark.parametrize(
    "subject",
    [
        made(pending("TemplateChanged"), updateRevision="web-b"),
        made(pending("TemplateNotChecked"), updateRevision="web-b"),
        made(updateRevision="web-b"),
        made(pending("KnownBad"), updateRevision="web-b", observedGeneration=1),
    ],
)
def test_what_may_pass_in_a_moment_is_waited_for(subject: Job) -> None:
    assert waits_in_vain(subject) is None
