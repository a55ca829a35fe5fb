"""What ``echelon update start`` leaves on record: who wrote which field, and why."""

from __future__ import annotations

from typing import Any

from hack.harness.space import Space
from tests.cli.echelon import Echelon
from tests.cli.files import created


def test_the_message_is_kept_by_the_update_that_the_operator_makes(
    space: Space, echelon: Echelon, file: Any
) -> None:
    here = file()
    created(echelon, here)
    echelon("update", "start", here.image("web:2"), "-y", "-m", "new basket", "--wait", check=0)
    (made,) = space.updates()
    assert made["metadata"]["ownerReferences"], "the operator has made it"
    assert made["spec"]["message"] == "new basket"
    assert "new basket" in echelon("update", "get", "web", check=0).out
    here.content["spec"]["minReadySeconds"] = 1
    done = echelon("update", "start", here.write(), "-y", "-m", "lost", check=0)
    assert "the message (-m) is kept nowhere: no Update was started" in done.err


def test_a_job_that_was_applied_under_the_earlier_name(
    space: Space, echelon: Echelon, file: Any
) -> None:
    here = file()
    here.content["spec"]["template"]["metadata"] = {"annotations": {"a": "1", "b": "1"}}
    space.apply(here.content, manager="echelon")
    space.wait_ready()
    here.content["spec"]["template"]["metadata"] = {"annotations": {"a": "2"}}
    done = echelon("update", "start", here.write(), "-y", "--wait", check=0)
    assert "belongs to" not in done.err
    assert space.job()["spec"]["template"]["metadata"]["annotations"] == {"a": "2"}
    managers = {each["manager"] for each in space.job()["metadata"]["managedFields"]}
    assert "kubectl-echelon" not in managers


def test_fields_that_kubectl_apply_has_set_are_not_passed_over(
    space: Space, echelon: Echelon, file: Any
) -> None:
    here = file(update={"maxUnavailable": 1})
    pod = here.content["spec"]["template"]["spec"]
    pod["terminationGracePeriodSeconds"] = 5
    space.apply(here.content, manager="kubectl-client-side-apply")
    space.wait_ready()
    kept = "spec.update.maxUnavailable", "spec.template.spec.terminationGracePeriodSeconds"
    del here.content["spec"]["update"]["maxUnavailable"], pod["terminationGracePeriodSeconds"]
    path = here.write()
    for done in (
        echelon("update", "start", path, "-y", check=0),
        echelon("job", "diff", "web", "-f", path, check=0),
    ):
        assert "No difference." in done.out + done.err
        for field in kept:
            assert f"has no {field}, but the Job keeps it" in done.err
        assert f"`kubectl edit ejob web -n {space.name}`" in done.err
