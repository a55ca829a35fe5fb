"""A refused apply says which line of the file, and whose field."""

from __future__ import annotations

from typing import Any

import pytest

from controller.cli.applying import applied
from controller.cli.exits import CliError, Exit
from controller.cli.manifest import Manifest, read
from controller.cli.session import Session
from tests.unit.kube.fake import FakeApi

JOB = """\
apiVersion: echelon.dev/v1alpha1
kind: EchelonJob
metadata: {name: web, uid: old}
spec:
  instances: 3
  template:
    spec:
      containers:
      - name: web
        imag: web:1
"""


@pytest.fixture
def job(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.yaml").write_text(JOB)
    (found,) = read("job.yaml")
    return found


async def refused(session: Session, job: Manifest) -> CliError:
    with pytest.raises(CliError) as caught:
        await applied(session, job, None)
    return caught.value


async def test_the_request(api: FakeApi, session: Session, job: Manifest) -> None:
    api.put("/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs", "web")
    await applied(session, job, None, dry_run=True)
    await applied(session, job, None, force=True)
    asked, forced = api.seen
    assert asked.query == {
        "fieldManager": "kubectl-echelon",
        "force": "false",
        "fieldValidation": "Strict",
        "dryRun": "All",
    }
    assert forced.query["force"] == "true"
    assert "dryRun" not in forced.query
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    assert asked.body["metadata"] == {"name": "web"}


def conflict(field: str, manager: str, more: str = "") -> dict[str, str]:
    words = f'conflict with "{manager}"{more} using echelon.dev/v1alpha1'
    return {"reason": "FieldManagerConflict", "message": words, "field": field}


async def test_fields_of_others(api: FakeApi, session: Session, job: Manifest) -> None:
    causes = [
        conflict(".spec.instances", "kube-controller-manager", ' with subresource "scale"'),
        conflict(".spec.template.spec.containers", "argocd-controller"),
    ]
    api.fail("PATCH", 409, code=409, reason="Conflict", details={"causes": causes})
    error = await refused(session, job)
    assert error.code is Exit.REJECTED
    lines = error.message.split("\n")
    assert lines[1].strip() == (
        "job.yaml:5: spec.instances belongs to kube-controller-manager (an autoscaler), by a scale"
    )
    assert "job.yaml:8" in lines[2]
    assert "argocd-controller (Argo CD)" in error.hint
    assert "--force-conflicts" in error.hint


async def test_fields_that_a_person_set(api: FakeApi, session: Session, job: Manifest) -> None:
    causes = [conflict(".spec.instances", "kubectl-client-side-apply")]
    api.fail("PATCH", 409, code=409, reason="Conflict", details={"causes": causes})
    error = await refused(session, job)
    assert "for good with --force-conflicts" in error.hint


async def test_a_misspelt_field(api: FakeApi, session: Session, job: Manifest) -> None:
    words = 'strict decoding error: unknown field "spec.template.spec.containers[0].imag"'
    api.fail("PATCH", 400, code=400, reason="BadRequest", message=words)
    error = await refused(session, job)
    assert error.code is Exit.REJECTED
    assert error.message == ("job.yaml:10: there is no field spec.template.spec.containers[0].imag")


async def test_a_misspelt_field_of_a_merge(api: FakeApi, session: Session, job: Manifest) -> None:
    words = "failed to create typed patch object (/web; Kind=EchelonJob): errors:\n  "
    words += '.spec.template.spec.containers[name="web"].imag: field not declared in schema'
    api.fail("PATCH", 500, code=500, message=words)
    error = await refused(session, job)
    assert error.code is Exit.REJECTED
    assert "job.yaml:10: there is no field spec.template.spec.containers" in error.message


async def test_invalid_values(api: FakeApi, session: Session, job: Manifest) -> None:
    causes = [
        {"field": "spec.instances", "message": "Invalid value: -1: too small"},
        {"field": "<nil>", "message": "something else"},
    ]
    api.fail("PATCH", 422, code=422, reason="Invalid", message="no", details={"causes": causes})
    error = await refused(session, job)
    assert error.code is Exit.REJECTED
    assert "job.yaml:5: spec.instances: Invalid value: -1: too small" in error.message
    assert "job.yaml:1: something else" in error.message


async def test_no_such_namespace(api: FakeApi, session: Session, job: Manifest) -> None:
    details = {"kind": "namespaces", "name": "ns"}
    api.fail("PATCH", 404, code=404, reason="NotFound", details=details)
    error = await refused(session, job)
    assert error.message == "there is no namespace ns"
    assert "kubectl create namespace ns" in error.hint


async def test_other_refusals(api: FakeApi, session: Session, job: Manifest) -> None:
    api.fail("PATCH", 403, code=403, reason="Forbidden", message="you may not")
    error = await refused(session, job)
    assert error.code is Exit.REJECTED
    assert "you may not" in error.message
