"""The cells of the tables of `echelon job …`, and what its arguments mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from controller.cli import manifest
from controller.cli.exits import CliError, Exit
from controller.cli.job.diff import find as find_job
from controller.cli.job.history import find, notes_of
from controller.cli.job.instances import chosen, revision_of
from controller.cli.job.list_ import mix_of, show, status_of
from controller.cli.keys import job_key
from controller.cli.output import Format
from controller.view.history import history
from controller.view.instances import instances
from controller.view.jobs import job_row
from tests.unit.view.raw import (
    NOW,
    Object,
    condition,
    job,
    pod,
    ranges,
    raw_job,
    revision,
    template,
)
from tests.unit.view.test_runs import STATES


@pytest.mark.parametrize(
    ("kind", "reason", "status"),
    [
        ("Ready", "Ready", "Ready"),
        ("Stalled", "RolledBack", "Stalled:RolledBack"),
        ("Reconciling", "Progressing", "Reconciling"),
        ("UpdatePending", "Manual", "UpdatePending:Manual"),
    ],
)
def test_status(kind: str, reason: str, status: str) -> None:
    assert status_of(job_row(job(3, condition(kind, reason)))) == status


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    seen = raw_job(
        3,
        condition("Stalled", "RolledBack", "web-g2: boom\n\x1b[2J"),
        readyInstances=2,
        revisions=ranges(a="0-1", b="2"),
        lastAttempt={"revision": "web-b", "update": "web-g2", "outcome": "RolledBack"},
    )
    show([seen], None, many=True, everywhere=True)
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "NAMESPACE",
        "NAME",
        "INSTANCES",
        "STATUS",
        "REVISION",
        "UPDATE",
        "AGE",
        "MESSAGE",
    ]
    assert line.split()[:5] == ["shop", "web", "2/3", "Stalled:RolledBack", "web-a+1"]
    assert line.rstrip().endswith("web-g2: boom")
    show([seen], Format.WIDE, many=True)
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[-3:] == ["LAST", "REVISIONS", "MESSAGE"]
    assert "RolledBack   web-a=2,web-b=1" in line
    assert mix_of(job_row(job(3))) == ""


def test_a_job_that_a_newer_version_wrote_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    newer = raw_job()
    newer["spec"]["type"] = "Weekly"
    show([newer, raw_job()], None, many=True)
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 2
    assert "a newer Echelon wrote it" in captured.err


def test_revision_of_an_instance() -> None:
    seen = job(3, assigned=ranges(a="0", b="1-2"))
    rows = instances(seen, [pod(0), pod(1)], NOW)
    assert [revision_of(row) for row in rows] == ["web-a", "web-a → web-b", "→ web-b"]
    assert [row.instance for row in chosen(rows, job_key("web/1-2"))] == [1, 2]
    with pytest.raises(CliError, match="Job web has no instances 3-4") as error:
        chosen(rows, job_key("web/2-4"))
    assert error.value.hint == "its instances are 0-2"


def test_a_revision_is_named_by_number_or_name() -> None:
    revisions = [revision("a", 1, template()), revision("b", 4, template("web:2"))]
    seen = job(3, currentRevision="web-a", updateRevision="web-b", knownBad=[{"revision": "web-b"}])
    entries = history(seen, revisions, [])
    for text in ("4", "web-b", "b"):
        assert find(entries, text, "web").number == 4
    assert [notes_of(entry) for entry in entries] == [
        "current, first creation",
        "template, known bad",
    ]
    with pytest.raises(CliError, match="no revision 9") as error:
        find(entries, "9", "web")
    assert error.value.hint.startswith("it has 1, 4;")


MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
---
apiVersion: echelon.dev/v1alpha1
kind: EchelonJob
metadata: {name: web, namespace: %s}
spec: {template: {spec: {}}}
---
apiVersion: echelon.dev/v1alpha1
kind: EchelonJob
metadata: {name: api}
spec: {instances: 1}
"""


@pytest.mark.parametrize(
    ("name", "namespace", "message", "hint"),
    [
        ("db", "shop", "has no EchelonJob db", "it has EchelonJob web (line 5), EchelonJob api"),
        ("web", "other", ":7: this Job web is for namespace shop, not for other", "add `-n shop`"),
        ("api", "shop", ":13: Job api has no spec.template", ""),
    ],
)
def test_the_job_of_a_file(
    tmp_path: Path, name: str, namespace: str, message: str, hint: str
) -> None:
    file = tmp_path / "jobs.yaml"
    file.write_text(MANIFEST % "shop", encoding="utf-8")
    found = manifest.read(str(file))
    assert find_job(found, "web", "shop").name == "web"
    with pytest.raises(CliError) as error:
        find_job(found, name, namespace)
    assert message in error.value.message
    assert error.value.hint.startswith(hint)
    assert error.value.code is Exit.USAGE


@pytest.mark.parametrize(("last", "words", "_state"), STATES)
def test_the_list_says_how_the_last_run_is(
    last: Object | None, words: str, _state: object, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = raw_job(3, condition("Ready", "Succeeded", "web-r2: 3 instances succeeded"))
    seen["spec"]["type"] = "Adhoc"
    if last is not None:
        seen["status"]["lastRun"] = last
    show([seen], None, many=True)
    _, line = capsys.readouterr().out.splitlines()
    cells = re.split(r" {3,}", line)
    assert cells[:3] == ["web", words, "Ready:Succeeded"]
    assert cells[-1] == "web-r2: 3 instances succeeded"
