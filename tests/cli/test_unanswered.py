"""What commands do on a real API server while no operator answers, and when it comes back."""

from __future__ import annotations

from typing import Any

import pytest

from hack.harness.manifests import job
from hack.harness.operator import Operator
from hack.harness.patience import patient
from hack.harness.space import Space
from tests.cli.echelon import Echelon, interrupt
from tests.cli.files import created
from tests.cli.test_job_actions import rolled_back


def waiting(echelon: Echelon, *args: str) -> Any:
    """`update start` that has written the Job and waits for the operator."""
    process = echelon.start("update", "start", *args, "-y")
    while "configured" not in (line := process.stdout.readline()):
        assert line, "it has ended before it wrote"
    return process


def test_the_time_for_the_update_of_a_template_is_the_users(
    space: Space, echelon: Echelon, operator: Operator
) -> None:
    space.made(job(instances=1))
    operator.stop()
    space.set_image("web:2")
    late = echelon("update", "wait", "web", "--timeout", "1", check=7)
    assert f"`echelon job status web -n {space.name}`" in late.err
    # A failover takes longer than the 10 s after which a note says so.
    process = echelon.start("update", "wait", "web", "--timeout", "120")
    assert "no operator has looked at the last change of Job web" in process.stderr.readline()
    operator.start()
    out, err = process.communicate(timeout=patient(60))
    assert process.returncode == 0, err
    assert "web-g2 RolledForward" in out


def test_ctrl_c_after_the_job_is_written(
    space: Space, echelon: Echelon, operator: Operator, file: Any
) -> None:
    here = file(instances=1)
    created(echelon, here)
    operator.stop()
    left = interrupt(waiting(echelon, here.image("web:2")))
    assert left.code == 130
    back = f"`echelon update watch web -n {space.name}` shows it"
    assert f"Job web is changed and goes on; {back}" in left.err
    operator.start()
    assert echelon("update", "watch", "web", "--timeout", "60", check=0)


@pytest.mark.parametrize("image", ["web:1", "web:3"])
def test_a_template_that_is_changed_before_its_update_is_made(
    space: Space, echelon: Echelon, operator: Operator, file: Any, image: str
) -> None:
    here = file(instances=1)
    created(echelon, here)
    operator.stop()
    process = waiting(echelon, here.image("web:2"), "--wait")
    space.set_image(image)
    operator.start()
    _, err = process.communicate(timeout=patient(60))
    assert process.returncode == 5, err
    assert "the template of Job web was changed again" in err


def test_a_retry_that_nobody_starts(space: Space, echelon: Echelon, operator: Operator) -> None:
    rolled_back(space)
    operator.stop()
    done = echelon("job", "retry", "web", check=0)
    assert done.lines == ["echelonjob.echelon.dev/web patched"]
    assert "the operator has not started the Update yet" in done.err
