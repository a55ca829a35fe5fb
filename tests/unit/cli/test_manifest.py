"""Manifests are read as kubectl reads them; errors name the line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.cli import manifest
from controller.cli.exits import CliError, Exit
from controller.cli.manifest import Manifest

JOB = """\
# a comment
apiVersion: echelon.dev/v1alpha1
kind: EchelonJob
metadata:
  name: web
  namespace: shop
spec:
  instances: 3
  template:
    metadata:
      annotations: {"a.b/c": "1"}
    spec:
      containers:
      - name: web
        image: web:1
        args: [12:30, 2026-01-02, 1e3, 0x10, 0644, "5", yes, ~]
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
"""

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def written(text: str, name: str = "job.yaml") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return written


def fault(path: str) -> CliError:
    with pytest.raises(CliError) as caught:
        manifest.job_in(path)
    assert caught.value.code is Exit.USAGE
    return caught.value


def test_a_job_among_other_objects(write: Write) -> None:
    found = manifest.job_in(write(f"---\n---\n{SERVICE}---\n{JOB}---\n"))
    assert (found.name, found.namespace, found.kind) == ("web", "shop", "EchelonJob")
    assert found.line == 8
    assert [each.kind for each in manifest.read("job.yaml")] == ["Service", "EchelonJob"]


def test_scalars_mean_what_they_mean_to_kubectl(write: Write) -> None:
    found = manifest.job_in(write(JOB))
    args = found.obj["spec"]["template"]["spec"]["containers"][0]["args"]
    assert args == ["12:30", "2026-01-02", 1000.0, 16, 420, "5", True, None]


def test_the_line_of_a_field(write: Write) -> None:
    found = manifest.job_in(write(JOB))
    assert found.at("spec.instances") == "job.yaml:8"
    assert found.at("spec.template.spec.containers[0].image") == "job.yaml:15"
    assert found.at('spec.template.metadata.annotations["a.b/c"]') == "job.yaml:11"
    assert found.at("spec.template.spec.volumes[0].name") == "job.yaml:12", "the nearest above"
    assert found.at() == "job.yaml:2"


def test_what_only_the_api_server_writes_is_left_out(write: Write) -> None:
    last = "kubectl.kubernetes.io/last-applied-configuration"
    server = f"  uid: u\n  resourceVersion: '7'\n  annotations: {{a: b, {last}: '{{}}'}}\n"
    text = JOB.replace("  namespace: shop\n", server)
    found = manifest.job_in(write(f"{text}status: {{observedGeneration: 3}}\n"))
    assert found.wish()["metadata"] == {"name": "web", "annotations": {"a": "b"}}
    assert "status" not in found.wish()


def test_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(JOB))
    found = manifest.job_in("-")
    assert found.at("spec.instances") == "stdin:8"


def test_a_list(write: Write) -> None:
    job = "\n".join(f"  {line}" for line in JOB.splitlines()[1:])
    found = manifest.job_in(write(f"apiVersion: v1\nkind: List\nitems:\n-\n{job}\n"))
    assert found.name == "web"
    assert found.at("spec.instances") == "job.yaml:11"


def test_json_documents(write: Write) -> None:
    job = {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "EchelonJob",
        "metadata": {"name": "web", "annotations": {"k": "\U0001f600 \t"}},
        "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}},
    }
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    text = "\n".join([json.dumps(service, indent="\t"), json.dumps(job, indent="\t")])
    found = manifest.job_in(write(text, "job.json"))
    assert found.obj == job
    line = next(i for i, line in enumerate(text.splitlines(), 1) if '"spec": {' in line)
    assert found.at("spec") == f"job.json:{line}"


def test_anchors_and_merges(write: Write) -> None:
    text = f"{JOB.replace('  instances: 3', '  minReadySeconds: &n 3')}  instances: *n\n"
    assert manifest.job_in(write(text)).obj["spec"]["instances"] == 3
    text = JOB.replace(
        "spec:\n  instances", "spec:\n  <<: {instances: 9, minReadySeconds: 4}\n  instances"
    )
    spec = manifest.job_in(write(text)).obj["spec"]
    assert (spec["instances"], spec["minReadySeconds"]) == (3, 4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: b\n", "job.yaml:1: the object has no apiVersion"),
        ("\n- a\n", "job.yaml:2: an object is expected"),
        ("a: b\n c: d\n", "job.yaml:2: not YAML"),
        ("a:\n\t- b\n", "job.yaml:2: not YAML"),
        (f"{JOB}  instances: 4\n", "job.yaml:17: the key 'instances' comes twice"),
        (JOB.replace(": 3", ": " + ".nan"), "job.yaml:8: '.nan' cannot be written as JSON"),
        (
            JOB.replace(": 3", ": " + "!!binary aGk="),
            "job.yaml:8: 'aGk=' cannot be written as JSON",
        ),
        (JOB.replace(": 3", ": " + "&a [*a]"), "job.yaml:8: "),
        (JOB.replace(": 3", ": " + "\x01"), "job.yaml:8: not YAML"),
        ('{"apiVersion": "v1",\n"kind": }', "job.yaml:2: not JSON"),
        ('{"apiVersion": "v1", "apiVersion": "v1"}', "job.yaml:1: the key 'apiVersion' comes"),
        ("", "job.yaml holds no object"),
        (JOB.replace("  name: web\n", ""), "job.yaml:4: the Job has no metadata.name"),
        (
            JOB.replace("name: web\n", "name: ../x\n"),
            "job.yaml:5: '../x' cannot be the name of a Job",
        ),
        (f"{JOB[: JOB.index('spec:')]}", "job.yaml:2: the Job has no spec"),
        (JOB.replace("metadata:\n  name: web\n  namespace: shop\n", ""), "has no metadata"),
        (SERVICE, "job.yaml holds no EchelonJob; it holds Service (line 1)"),
        (f"{JOB}---\n{JOB.replace('web', 'api')}", "2 Jobs: web (line 2), api (line 19)"),
    ],
)
def test_faults(write: Write, text: str, words: str) -> None:
    assert words in fault(write(text)).message


def test_a_job_of_another_kind(write: Write) -> None:
    error = fault(
        write(JOB.replace("echelon.dev/v1alpha1", "batch/v1").replace("EchelonJob", "Job"))
    )
    assert "EchelonJob" in error.hint


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "No such file" in fault("other.yaml").message
    (tmp_path / "folder").mkdir()
    assert "is a folder" in fault("./folder").message
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff\n")
    assert "not UTF-8" in fault("latin.yaml").message


@pytest.mark.parametrize(
    "text", ["-", "job.yaml", "a/job.yml", "x.json", "./web", "a/b", "web.txt"]
)
def test_arguments_that_are_files(text: str) -> None:
    assert manifest.is_file(text)


@pytest.mark.parametrize("text", ["web", "web/0-3,7", "ejob/web", "echelonjob.echelon.dev/web/3"])
def test_arguments_that_are_jobs(text: str) -> None:
    assert not manifest.is_file(text)


def test_a_manifest_made_by_hand_has_its_first_line() -> None:
    assert Manifest({"metadata": {}}, "here").at("spec.x") == "here:1"
