"""What is wrong, or doubtful, with the overlays and constraints of a Job."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from controller.api.job import Job
from controller.cli.lint import kubernetes_types
from controller.cli.lint.findings import Problem, dotted, warning
from controller.cli.lint.gates import OF_PODS, placeholders
from controller.cli.yaml_nodes import Path
from controller.core.overlays.problem import INVALID_TEMPLATE
from controller.core.overlays.refusals import refusal
from controller.core.overlays.variants import Variants, usable
from controller.core.revisions.data import of_spec

_NULL = (
    "client-side `kubectl apply` of a change, and `kubectl patch --type=merge`, take nulls out of "
    "lists, so this one is lost; use server-side apply, or `$patch: delete`"
)


def of_job(job: Job) -> Iterator[Problem]:
    """The first reason why the operator would refuse overlays or constraints, else what is wrong
    with the pods that the overlays make; and warnings."""
    spec, meta = job.spec, job.metadata
    data, name = of_spec(spec.template, spec.overlays, spec.constraints), meta.name or "lint"
    namespace = meta.namespace or "default"
    if found := refusal(data, name, namespace):
        reason, words = found
        yield Problem(("spec", "constraints" if reason == INVALID_TEMPLATE else "overlays"), words)
    elif made := usable(data, name, namespace):
        yield from _of_pods(spec.template, made)
    for place, overlay in enumerate(spec.overlays):
        path: Path = ("spec", "overlays", place, "patch")
        yield from placeholders(overlay.get("patch"), OF_PODS, path, Problem)
        for nulled in _nulls(overlay.get("patch"), path):
            yield warning(nulled, _NULL)


def _of_pods(template: dict[str, Any], made: Variants) -> Iterator[Problem]:
    """What is wrong with a pod only because of its overlays."""
    known = {each.path for each in _typed(template)}
    for variant in made.distinct():
        which = f"with {', '.join(variant.overlays)}" if variant.overlays else ""
        for each in _typed(json.loads(variant.template)) if which else ():
            if each.path not in known:
                known.add(each.path)
                words = f"{which}: template.{dotted(each.path)}: {each.message}"
                yield Problem(("spec", "overlays"), words)


def _typed(template: dict[str, Any]) -> Iterator[Problem]:
    return kubernetes_types.problems(template, "V1PodTemplateSpec", ())


def _nulls(node: Any, path: Path) -> Iterator[Path]:
    if node is None:
        yield path
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _nulls(value, (*path, key))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _nulls(value, (*path, place))
