"""Manifests for the tests of lint, and what lint says of them."""

from __future__ import annotations

from typing import Any

from controller.cli.lint import check
from controller.cli.lint.documents import Document
from controller.cli.lint.findings import Finding, Severity
from tests.integration.bad_objects import JOB, changed

Object = dict[str, Any]
PROBE: Object = {"tcpSocket": {"port": 80}}
CONTAINER: Object = {"name": "web", "image": "web:1", "readinessProbe": PROBE}


def job(spec: Object | None = None, **pod: Any) -> Object:
    """A Job that lint finds nothing wrong with, and changes of it."""
    good = {
        "metadata": {"name": "web"},
        "spec": {"template": {"spec": {"containers": [CONTAINER]}}},
    }
    whole = changed(changed(JOB, good), {"spec": {"template": {"spec": pod}}})
    return changed(whole, {"spec": spec or {}})


def found(*objects: Object) -> list[Finding]:
    documents = [Document("f.yaml", obj, {(): 1}) for obj in objects]
    return [*check.findings(documents), *check.unknown_fields(documents)]


def errors(*objects: Object) -> dict[str, str]:
    return {f.field: f.message for f in found(*objects) if f.severity is Severity.ERROR}


def warnings(*objects: Object) -> dict[str, str]:
    return {f.field: f.message for f in found(*objects) if f.severity is Severity.WARNING}


def container(**fields: Any) -> Object:
    """A Job whose only container has these fields, too; ``...`` removes one."""
    return job(containers=[changed(CONTAINER, fields)])
