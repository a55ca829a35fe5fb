"""Fields that a manifest leaves out and that stay in the Job."""

from __future__ import annotations

from typing import Any

import pytest

from controller.cli.job.diff import _applied
from controller.cli.kept import kept, tell
from controller.cli.manifest import Manifest
from controller.cli.session import Session
from tests.unit.cli.fakes import a_job
from tests.unit.kube.fake import FakeApi

Object = dict[str, Any]
TEMPLATE = {"spec": {"containers": [{"name": "web"}], "terminationGracePeriodSeconds": 5}}
GATES = [{"name": "a", "delaySeconds": 1}, {"name": "b"}]
OWNED = {
    "f:spec": {
        "f:instances": {},
        "f:update": {
            ".": {},
            "f:maxUnavailable": {},
            "f:gates": {
                ".": {},
                'k:{"name":"a"}': {".": {}, "f:name": {}, "f:delaySeconds": {}},
                'k:{"name":"b"}': {".": {}, "f:name": {}},
            },
        },
        "f:template": {"f:spec": {"f:containers": {}, "f:terminationGracePeriodSeconds": {}}},
    },
    "f:metadata": {"f:labels": {"f:a": {}}},
}


def job(manager: str = "kubectl-client-side-apply", subresource: str = "") -> Object:
    """The Job as stored, all of it set by one manager."""
    found = a_job()
    found["spec"] = {
        "instances": 3,
        "update": {"maxUnavailable": 1, "gates": GATES},
        "template": TEMPLATE,
    }
    entry = {"manager": manager, "operation": "Update", "fieldsV1": OWNED}
    found["metadata"]["managedFields"] = [
        entry | ({"subresource": subresource} if subresource else {})
    ]
    return found


def wish(**spec: Any) -> Object:
    """A manifest with all of these fields, but for what is ``None``."""
    whole = {**job()["spec"], **spec}
    metadata = {"name": "web"}
    return {"metadata": metadata, "spec": {k: v for k, v in whole.items() if v is not None}}


@pytest.mark.parametrize(
    ("wanted", "paths"),
    [
        (wish(), []),
        (wish(update=None), ["spec.update"]),
        (wish(update={"gates": GATES}), ["spec.update.maxUnavailable"]),
        (wish(update={"maxUnavailable": None, "gates": GATES}), ["spec.update.maxUnavailable"]),
        (wish(update={"maxUnavailable": 1}), ["spec.update.gates"]),
        (
            wish(update={"maxUnavailable": 2, "gates": [{"name": "a"}]}),
            ['spec.update.gates[{"name":"a"}].delaySeconds', 'spec.update.gates[{"name":"b"}]'],
        ),
        (
            wish(template={"spec": {"containers": []}}),
            ["spec.template.spec.terminationGracePeriodSeconds"],
        ),
        (wish(instances=None), ["spec.instances"]),
    ],
)
def test_fields_that_stay(wanted: Object, paths: list[str]) -> None:
    assert list(kept(job(), wanted)) == paths


@pytest.mark.parametrize(
    ("manager", "subresource"),
    [
        ("argocd-controller", ""),  # a program: who writes there is another question
        ("kubectl-echelon", ""),  # the apply itself removes these
        ("echelon-ui", ""),
        ("kubectl", "scale"),
        ("kubectl", "status"),
    ],
)
def test_fields_of_others(manager: str, subresource: str) -> None:
    assert kept(job(manager, subresource), wish(update=None, instances=None)) == {}


def test_a_field_that_is_gone_is_not_kept() -> None:
    stored = job()
    del stored["spec"]["update"]
    assert kept(stored, wish(update=None)) == {}


def test_the_warning(capsys: pytest.CaptureFixture[str]) -> None:
    tell(job(), Manifest(wish(update=None), "web.yaml"))
    assert capsys.readouterr().err == (
        "warning: web.yaml has no spec.update, but the Job keeps it: it was set by "
        "kubectl-client-side-apply (kubectl apply); remove it with "
        "`kubectl edit ejob web -n shop`\n"
    )


async def test_a_diff_without_the_right_to_apply(
    api: FakeApi, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    api.fail("PATCH", 403, reason="Forbidden", message="jane cannot patch")
    assert await _applied(session, Manifest(wish(), "web.yaml"), job()) is None
    assert "applying web.yaml is not allowed" in capsys.readouterr().err
