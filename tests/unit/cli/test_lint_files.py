"""Lint reads files, names their lines, and reads answers of the API server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from controller.cli import main
from controller.cli.exits import CliError, Exit
from controller.cli.lint import check, command
from controller.cli.lint.documents import Document, read
from controller.cli.lint.findings import Finding, Severity
from controller.cli.lint.server import findings, of_error
from controller.cli.session import Session
from controller.kube.errors import from_status
from tests.integration.bad_objects import UPDATE
from tests.unit.kube.fake import FakeApi

ROOT = Path(__file__).parents[3]

# Files.

TWO = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
# a comment
apiVersion: echelon.dev/v1alpha1
kind: Update
metadata:
  name: web-1
spec:
  job: web
  restarts: true
--- # another
kind: [
---
apiVersion: echelon.dev/v1alpha1
kind: Update
metadata: {name: web-2}
spec:
  instances: "3-1"
"""


def test_findings_have_the_lines_of_the_file() -> None:
    documents, faults = read(TWO, "a.yaml")
    said = [*faults, *check.findings(documents)]
    places = sorted((each.line, each.field) for each in said)
    assert places == [(12, "spec.restarts"), (15, ""), (19, "spec.job"), (20, "spec.instances")]


def test_the_items_of_a_list_have_their_own_lines() -> None:
    text = json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": [UPDATE, {**UPDATE, "x": 1}]}, indent=1
    )
    documents, faults = read(text, "a.json")
    assert not faults
    (wrong,) = [each for each in check.findings(documents) if each.severity is Severity.ERROR]
    assert text.splitlines()[wrong.line - 1].strip() == '"x": 1'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n", "an object is expected"),
        ("kind: Update\n", "no apiVersion"),
        ("apiVersion: echelon.dev/v1alpha1\n", "no kind"),
        ('{"a": 1,}', "not JSON"),
        ("a: 1\na: 2\n", "comes twice"),
        ("a: {{ .Values.x }}\n", "render templates first"),
    ],
)
def test_a_document_that_cannot_be_read(text: str, words: str) -> None:
    documents, (fault,) = read(text, "a")
    assert not documents
    assert words in fault.message


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").rglob("*.yaml")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_the_examples_have_no_error(path: Path) -> None:
    documents, faults = read(path.read_text(), path.name)
    said = [*faults, *check.findings(documents)]
    assert [str(each) for each in said if each.severity is Severity.ERROR] == []


# The command.


def test_a_folder_is_its_manifests(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.json", "c.txt"):
        (tmp_path / name).write_text(json.dumps(UPDATE))
    assert [Path(name).name for name, _ in command._texts(str(tmp_path))] == ["a.json", "b.yaml"]


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_name_without_a_file_is_wrong_usage(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CliError) as error:
        list(command._texts(name))
    assert error.value.code is Exit.USAGE
    assert error.value.hint


# Answers of the API server.


def refused(code: int, **status: Any) -> Any:
    return from_status(status, code)


def causes(*fields: str) -> Mapping[str, Any]:
    return {"causes": [{"field": field, "message": f"bad {field}"} for field in fields]}


def test_the_causes_of_a_refusal_are_fields_of_our_object() -> None:
    error = refused(422, details=causes("spec.containers[0].image", "metadata.name"))
    said = [(each.path, each.message) for each in of_error(error, ("spec", "template"))]
    assert said == [
        (("spec", "template", "spec", "containers", 0, "image"), "bad spec.containers[0].image"),
        (("spec", "template", "metadata", "name"), "bad metadata.name"),
    ]


def test_unknown_fields_of_a_strict_answer() -> None:
    words = 'strict decoding error: unknown field "spec.a", unknown field "spec.b[0].c"'
    said = of_error(refused(400, message=words), ())
    assert [each.path for each in said] == [("spec", "a"), ("spec", "b", 0, "c")]


def test_an_answer_without_a_field_is_about_the_whole_object() -> None:
    (said,) = of_error(refused(403, message="admission webhook denied the request: no"), ())
    assert said.path == ()
    assert "denied" in said.message


def test_unknown_fields_of_an_apply() -> None:
    words = "failed to create typed patch object: .spec.instanses: field not declared in schema"
    (said,) = of_error(refused(500, message=words), ())
    assert (said.path, said.message) == (("spec", "instanses"), "unknown field")


@pytest.mark.parametrize("resource", ["echelonjobs", "pods"])
async def test_an_api_server_in_trouble_is_no_fault_of_the_file(
    resource: str, api: FakeApi, session: Session
) -> None:
    down = 'failed calling webhook "x": connection refused'
    if resource == "pods":
        api.put("/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs", "web")
    verb = "PATCH" if resource == "echelonjobs" else "POST"
    api.fail(verb, 500, reason="InternalError", message=down)
    (document,), _ = read(NEWER, "web.yaml")
    with pytest.raises(CliError, match="failed calling webhook") as caught:
        _ = [each async for each in findings(session, document)]
    assert caught.value.code is Exit.ERROR


@pytest.mark.parametrize("version", ["echelon.dev", "echelon.io/v1alpha1", "v1"])
def test_a_job_of_another_group_is_not_skipped(version: str, tmp_path: Path) -> None:
    (file := tmp_path / "web.yaml").write_text(NEWER.replace("echelon.dev/v1alpha1", version))
    done = CliRunner().invoke(main.app, ["lint", str(file)])
    assert done.exit_code == 1
    assert "apiVersion: " in done.stdout
    assert "write echelon.dev/v1alpha1" in done.stdout


def test_other_kinds_are_skipped(tmp_path: Path) -> None:
    other = {"apiVersion": "updates.example/v1", "kind": "Update", "metadata": {"name": "x"}}
    (file := tmp_path / "other.json").write_text(json.dumps(other))
    assert CliRunner().invoke(main.app, ["lint", str(file)]).exit_code == 0


# Fields that the known version of Kubernetes does not have.

NEWER = """\
apiVersion: echelon.dev/v1alpha1
kind: EchelonJob
metadata: {name: web}
spec:
  template:
    spec:
      newerField: 1
      containers: [{name: web, image: "web:1", readinessProbe: {tcpSocket: {port: 1}}}]
"""


@pytest.mark.parametrize("asks", [False, True])
def test_a_field_that_the_server_accepts_is_no_fault(
    asks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file := tmp_path / "web.yaml").write_text(NEWER)
    asked: list[str] = []

    def accepts(_: object, documents: Sequence[Document]) -> list[Finding]:
        asked.extend(each.title for each in documents)
        return []

    monkeypatch.setattr(command, "_asked", accepts)
    done = CliRunner().invoke(main.app, ["lint", str(file), *(["--server"] if asks else [])])
    assert done.exit_code == 0
    assert asked == (["EchelonJob/web"] if asks else [])
    assert ("spec.template.spec.newerField: Kubernetes 1." in done.stdout) is not asks
