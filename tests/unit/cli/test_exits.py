"""Exit codes, and what failed requests mean to a person."""

from __future__ import annotations

import pytest

from controller.api.kinds import JOBS, MAINTENANCES, UPDATES
from controller.api.progress import ACTIVE, TERMINAL, Phase
from controller.cli.ends import of_phase
from controller.cli.exits import CliError, Exit
from controller.cli.explained import explained
from controller.kube.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from controller.kube.resources import PODS
from controller.resource import Resource


@pytest.mark.parametrize(
    ("phase", "code"),
    [
        ("RolledForward", 0),
        ("Planned", 0),
        ("RolledBack", 3),
        ("Failed", 4),
        ("Error", 4),
        ("Aborted", 5),
        ("Superseded", 5),
        ("Rejected", 6),
    ],
)
def test_the_codes_of_the_contract(phase: str, code: int) -> None:
    assert of_phase(Phase(phase)) == code


def test_every_end_has_a_code() -> None:
    for phase in TERMINAL:
        assert of_phase(phase) in set(Exit)
    for phase in ACTIVE:
        with pytest.raises(KeyError):
            of_phase(phase)


def test_a_rollback_that_was_asked_for_is_a_good_end() -> None:
    assert of_phase(Phase.ROLLED_BACK, rollback_wanted=True) is Exit.DONE
    assert of_phase(Phase.FAILED, rollback_wanted=True) is Exit.FAILED


def told(
    error: ApiError, verb: str = "get", resource: Resource = UPDATES, name: str = "web-g4"
) -> CliError:
    return explained(error, verb, resource, name, "shop")


def test_a_missing_kind_is_told_from_a_missing_object() -> None:
    kind = told(NotFound(404, "NotFound", "404 page not found"))
    assert "Echelon is not installed" in kind.message
    assert "helm install" in kind.hint
    missing = told(NotFound(404, "NotFound", "", details={"name": "web-g4"}))
    assert missing.message == "Update web-g4 not found in namespace shop"
    assert "echelon update list -A" in missing.hint
    job = told(NotFound(404, details={"name": "web"}), resource=JOBS, name="web")
    assert "echelon job list -A" in job.hint
    assert told(NotFound(404, details={"name": "web-0"}), resource=PODS, name="web-0").hint == ""


def test_an_object_of_the_cluster_is_in_no_namespace() -> None:
    missing = told(NotFound(404, details={"name": "rack"}), resource=MAINTENANCES, name="rack")
    assert missing.message == "Maintenance rack not found"
    assert "`echelon maintenance status` lists" in missing.hint
    refused = told(Forbidden(403, "Forbidden", "no"), resource=MAINTENANCES, name="rack")
    assert "namespace" not in refused.hint


def test_a_missing_right_names_verb_and_resource() -> None:
    reading = told(Forbidden(403, "Forbidden", "user jane cannot get"))
    assert reading.code is Exit.ERROR
    assert "the verb get on updates.echelon.dev in namespace shop" in reading.hint
    writing = told(Forbidden(403, "Forbidden", "no"), "patch")
    assert writing.code is Exit.REJECTED
    assert "kubectl auth can-i patch updates.echelon.dev" in writing.hint
    assert "on pods.core" in told(Forbidden(403), resource=PODS).hint


def test_a_missing_right_to_a_part_or_to_all_namespaces_is_named_as_such() -> None:
    scale = explained(Forbidden(403), "patch", JOBS, "web", "shop", "scale").hint
    assert scale == (
        "ask for the verb patch on echelonjobs/scale of the group echelon.dev in namespace shop; "
        "`kubectl auth can-i patch echelonjobs.echelon.dev --subresource=scale` tells"
    )
    log = explained(Forbidden(403), "get", PODS, "web-0 (log)", "shop", "log").hint
    assert "`kubectl auth can-i get pods --subresource=log`" in log
    everywhere = explained(Forbidden(403), "list", JOBS, "", "").hint
    assert everywhere == (
        "name a namespace with -n, or ask for the verb list on echelonjobs.echelon.dev in all "
        "namespaces; `kubectl auth can-i list echelonjobs.echelon.dev -A` tells"
    )


def test_a_selector_that_cannot_be_read_says_how_one_looks() -> None:
    assert "app=web" in told(BadRequest(400, "BadRequest", "unable to parse"), "list").hint


@pytest.mark.parametrize(
    ("error", "verb", "code"),
    [
        (Unreachable("connection refused"), "get", Exit.ERROR),
        (Unauthorized(401, "Unauthorized"), "get", Exit.ERROR),
        (Conflict(409, "Conflict", "changed"), "patch", Exit.ERROR),
        (Invalid(422, "Invalid", "spec.action moves only forward"), "patch", Exit.REJECTED),
        (BadRequest(400, "BadRequest", "no"), "create", Exit.REJECTED),
        (BadRequest(400, "BadRequest", "no"), "get", Exit.ERROR),
        *[(TooManyRequests(429, "x"), verb, Exit.ERROR) for verb in ("get", "list", "patch")],
        # Only what is written can be rejected.
        *[(BadRequest(400, "BadRequest", "no"), verb, Exit.ERROR) for verb in ("list", "watch")],
        (Invalid(422, "Invalid", "no"), "list", Exit.ERROR),
        (Forbidden(403, "Forbidden", "no"), "list", Exit.ERROR),
        (ServerError(500, "InternalError", "etcd"), "create", Exit.ERROR),
    ],
)
def test_codes_of_failed_requests(error: ApiError, verb: str, code: Exit) -> None:
    found = told(error, verb)
    assert found.code is code
    assert found.message


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("refused"),
        Unauthorized(401),
        Forbidden(403),
        NotFound(404),
        Conflict(9),
        TooManyRequests(429),
    ],
)
def test_every_usual_error_says_what_to_do(error: ApiError) -> None:
    assert told(error).hint
