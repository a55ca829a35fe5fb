"""All checks of objects without a cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError

from controller.api.crds import job_crd, update_crd
from controller.api.ids import Ids
from controller.api.job import KIND as JOB
from controller.api.job import Job
from controller.api.labels import API_VERSION, GROUP
from controller.api.schema import Schema
from controller.api.update import KIND as UPDATE
from controller.cli.lint import cel, doubts, gates, kubernetes_types, overlays, schema
from controller.cli.lint.documents import Document
from controller.cli.lint.findings import Finding, Problem, Severity, warning
from controller.cli.yaml_nodes import Path
from controller.core.revisions.placeholders import PLACEHOLDER

_LABEL: Final = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_KEY: Final = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def is_ours(document: Document) -> bool:
    """Whether lint checks such an object; it skips other kinds. What only looks like one of ours
    has a wrong apiVersion."""
    return GROUP in (document.group, document.obj.get("apiVersion")) or document.kind == JOB


def findings(documents: Iterable[Document]) -> Iterator[Finding]:
    """The findings of all of our objects among ``documents``, without `unknown_fields`."""
    every = list(documents)
    for document in every:
        yield from _of(document, unknown=False)
    yield from _twice(every)
    yield from _autoscaled(every)


def unknown_fields(documents: Iterable[Document]) -> Iterator[Finding]:
    """The fields that the known version of Kubernetes does not have. An API server knows better."""
    for document in documents:
        yield from _of(document, unknown=True)


def _of(document: Document, *, unknown: bool) -> Iterator[Finding]:
    for problem in dict.fromkeys(problems(document) if is_ours(document) else ()):
        if isinstance(problem, kubernetes_types.UnknownField) is unknown:
            yield document.finding(problem)


def problems(document: Document) -> Iterator[Problem]:
    """What is wrong with one of our objects, and what is doubtful."""
    obj = document.obj
    if document.group != GROUP:
        words = f"{obj['apiVersion']} is not the group and version of {document.kind}"
        yield Problem(("apiVersion",), f"{words}; write {API_VERSION}")
        return
    if document.kind not in (JOB, UPDATE):
        hint = f"; write kind: {JOB}" if document.kind == "Job" else ""
        yield Problem(("kind",), f"{GROUP} has the kinds {JOB} and {UPDATE}{hint}")
        return
    if obj["apiVersion"] != API_VERSION:
        yield Problem(("apiVersion",), f"this version is not known; write {API_VERSION}")
        return
    if "status" in obj:
        yield warning(("status",), "only the operator writes it; the API server ignores it here")
    obj = {name: value for name, value in obj.items() if name != "status"}
    errors = list(_errors(document.kind, obj))
    yield from errors
    if document.kind == JOB and not any(each.path[:2] == ("spec", "update") for each in errors):
        try:
            job = Job.model_validate(obj)
        except ValidationError:  # said above in other words
            return
        yield from doubts.of_job(job)
        yield from overlays.of_job(job)


def _errors(kind: str, obj: dict[str, Any]) -> Iterator[Problem]:
    found = _schema(kind)
    whole = schema.with_defaults(found, obj)
    # The schema knows only the name of the metadata; `_metadata` checks all of it.
    structural = list(schema.problems(found, {k: v for k, v in whole.items() if k != "metadata"}))
    # A rule about a number that is out of bounds says more than the bounds do.
    wrong = {each.path for each in structural if not isinstance(each, schema.OutOfBounds)}
    rules = list(cel.problems(found, whole, wrong))
    ruled = {each.path for each in rules}
    yield from (each for each in structural if each.path in wrong or each.path not in ruled)
    yield from rules
    wrong |= ruled | {each.path for each in structural}
    for problem in (*_metadata(kind, obj), *_template(kind, obj)):
        if problem.path not in wrong:
            yield problem
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    name = "update" if kind == JOB else "policy"
    policy = spec.get(name)
    if isinstance(policy, dict):
        yield from gates.problems(policy.get("gates"), ("spec", name, "gates"))
    path = "spec", "instances"
    if kind == UPDATE and path not in wrong and isinstance(ids := spec.get("instances"), str):
        try:
            Ids.parse(ids)
        except ValueError as error:
            yield Problem(path, str(error))


def _metadata(kind: str, obj: dict[str, Any]) -> Iterator[Problem]:
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        yield Problem(("metadata",), "is required, with a name")
        return
    yield from kubernetes_types.problems(metadata, "V1ObjectMeta", ("metadata",))
    yield from _labels(metadata, ("metadata",))
    name = metadata.get("name")
    if not name and not metadata.get("generateName"):
        yield Problem(("metadata", "name"), "is required")
    elif kind == UPDATE and isinstance(name, str) and not _is_subdomain(name):
        words = "must have only lower-case letters, digits, '-' and '.', at most 253, and a letter"
        yield Problem(("metadata", "name"), f"{words} or digit at both ends")


def _is_subdomain(name: str) -> bool:
    return len(name) <= 253 and _SUBDOMAIN.fullmatch(name) is not None


def _template(kind: str, obj: dict[str, Any]) -> Iterator[Problem]:
    """The pods of a Job, as far as they can be judged here."""
    template = (obj.get("spec") or {}).get("template") if kind == JOB else None
    if not isinstance(template, dict):
        return
    path: Path = ("spec", "template")
    # Of a template taken from a running pod these are left out; `echelon` has a rule of its own.
    ignored = ("apiVersion", "kind", "status", "echelon")
    pod = {name: value for name, value in template.items() if name not in ignored}
    yield from kubernetes_types.problems(pod, "V1PodTemplateSpec", path)
    yield from gates.placeholders(pod, gates.OF_PODS, path, Problem)
    if isinstance(metadata := pod.get("metadata"), dict):
        yield from _labels(metadata, (*path, "metadata"))
    spec = pod.get("spec")
    for part in ("initContainers", "containers"):
        given = spec.get(part) if isinstance(spec, dict) else None
        for index, container in enumerate(given if isinstance(given, list) else ()):
            if isinstance(container, dict) and not container.get("image"):
                yield Problem((*path, "spec", part, index, "image"), "is required")


def _labels(metadata: dict[str, Any], path: Path) -> Iterator[Problem]:
    """Keys and values that Kubernetes refuses."""
    for part in ("labels", "annotations"):
        given = metadata.get(part)
        for key, value in given.items() if isinstance(given, dict) else ():
            if not _KEY.fullmatch(key):
                yield Problem((*path, part, key), "this key is not allowed by Kubernetes")
            text = PLACEHOLDER.sub("0", value) if isinstance(value, str) else ""
            if part == "labels" and not _LABEL.fullmatch(text):
                words = "a label has at most 63 letters, digits, '-', '_' and '.', and begins and"
                yield Problem((*path, part, key), f"{words} ends with a letter or digit")


def _twice(documents: list[Document]) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], Document] = {}
    for each in documents:
        key = each.kind, each.namespace, each.name
        if not is_ours(each) or not each.name:
            continue
        if (before := seen.get(key)) is not None:
            where = f"{before.file}:{before.line(())}"
            words = f"{each.title} is in {where} already; the later one wins"
            yield each.finding(warning(("metadata", "name"), words))
        seen.setdefault(key, each)


def _autoscaled(documents: list[Document]) -> Iterator[Finding]:
    """Jobs whose number of instances an autoscaler sets."""
    scaled = {
        (each.namespace, target.get("name"))
        for each in documents
        if each.kind == "HorizontalPodAutoscaler"
        and isinstance(target := (each.obj.get("spec") or {}).get("scaleTargetRef"), dict)
        and target.get("kind") == JOB
    }
    for each in documents:
        spec = each.obj.get("spec")
        here = is_ours(each) and each.kind == JOB and (each.namespace, each.name) in scaled
        if here and isinstance(spec, dict) and "instances" in spec:
            words = "a HorizontalPodAutoscaler sets it, and each apply sets it back; leave it out"
            yield each.finding(Problem(("spec", "instances"), words, Severity.WARNING))


@lru_cache(maxsize=2)
def _schema(kind: str) -> Schema:
    crd = job_crd() if kind == JOB else update_crd()
    found: Schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found
