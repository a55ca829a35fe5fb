"""What is legal in a Job but probably not what its author wants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from controller.api import labels
from controller.api.job import Job
from controller.api.policy import Replacement, StrategyType
from controller.cli.lint.claims import of_claims
from controller.cli.lint.findings import Problem, warning
from controller.cli.lint.runs import of_runs
from controller.cli.yaml_nodes import Path
from controller.core.model.policy import count_down, count_up, resolve
from controller.core.rollout.strategy import group_sizes
from controller.view.words import plural

Object = dict[str, Any]

_SPEC: Final = ("spec", "template", "spec")
_UPDATE: Final = ("spec", "update")
_HTTP: Final = re.compile(r"https?://[^/?#]")
_OURS: Final = f"{labels.GROUP}/"


def of_job(job: Job) -> Iterator[Problem]:
    """Warnings about a Job that the API server accepts."""
    spec = job.spec.template.get("spec") or {}
    containers = [c for c in spec.get("containers") or () if isinstance(c, dict)]
    if job.spec.has_runs:
        yield from _images(spec)
        yield from of_runs(job)
        yield from _overwritten(job.spec.template, containers)
        return
    yield from _probes(job, containers)
    yield from _images(spec)
    yield from _group(job)
    yield from _sla(job)
    yield from _canary(job)
    yield from _pauses(job)
    yield from _times(job, containers)
    yield from of_claims(job, spec)
    yield from _ports(job, spec, containers)
    yield from _overwritten(job.spec.template, containers)


def _probes(job: Job, containers: list[Object]) -> Iterator[Problem]:
    path, now = (*_SPEC, "containers"), job.spec.min_ready_seconds == 0
    if not any(container.get("readinessProbe") for container in containers):
        yield warning(
            path,
            "no container has a readinessProbe: an instance is Ready as soon as its containers "
            "run, so an update goes on before the new version serves"
            + (
                "; with minReadySeconds: 0 even a version that crashes a second later counts as "
                "good"
                if now
                else ""
            ),
        )
    elif now and job.spec.update.replacement is Replacement.SURGE:
        yield warning(
            ("spec", "minReadySeconds"),
            "0 with replacement Surge: the old pod goes the moment the new one is Ready, before "
            "load balancers and the next probes have seen it",
        )


def _images(spec: Object) -> Iterator[Problem]:
    for kind in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(kind) or ()):
            image = container.get("image") if isinstance(container, dict) else None
            if not isinstance(image, str) or not image or "@" in image:
                continue
            tag = image.rpartition("/")[2].partition(":")[2]
            if tag in ("", "latest"):
                what = "the tag latest" if tag else "no tag, which means latest"
                yield warning(
                    (*_SPEC, kind, index, "image"),
                    f"{image} has {what}: another image of that name is no change of the template, "
                    "so no update starts, and a rollback brings nothing back; name a version",
                )


def _group(job: Job) -> Iterator[Problem]:
    """One group holds all instances."""
    policy, count = job.spec.update, job.spec.instances
    strategy = policy.strategy
    first = strategy.sizes[0] if strategy.sizes else strategy.size
    protected = policy.max_unavailable is not None or policy.replacement is Replacement.SURGE
    protected |= policy.sla_aware and job.spec.sla is not None
    if count > 1 and not protected and first is not None and count_up(first, count) >= count:
        field = "sizes" if strategy.sizes else "size"
        yield warning(
            (*_UPDATE, "strategy", field),
            f"an update takes all {count} instances at once, and meanwhile none may serve; use a "
            "smaller size, maxUnavailable or replacement: Surge",
        )


def _sla(job: Job) -> Iterator[Problem]:
    """An sla that updates do not obey, or that all instances would have to keep."""
    sla, aware = job.spec.sla, job.spec.update.sla_aware
    if sla is None:
        return
    if sla.coordinator is not None and not _HTTP.match(sla.coordinator.url):
        words = "this is no HTTP URL, so nothing is ever allowed; use http[s]://host[:port]/path"
        yield warning(("spec", "sla", "coordinator", "url"), words)
    if not aware:
        words = "updates do not obey it; set update.slaAware: true"
        yield warning(("spec", "sla"), words)
    elif sla.min_available is not None and job.spec.instances > 1:
        count = job.spec.instances
        given = sla.min_available
        asked = given if isinstance(given, int) else count_up(given, count)
        if asked >= count:
            words = (
                f"all {count} instances can never count while one is replaced; {count - 1} are "
                "required instead"
            )
            yield warning(("spec", "sla", "minAvailable"), words)


def _canary(job: Job) -> Iterator[Problem]:
    policy, count = job.spec.update, job.spec.instances
    strategy, tolerated = policy.strategy, policy.max_failed_instances
    if strategy.type != StrategyType.VARIABLE_BATCH or not strategy.sizes:
        return
    first = count_up(strategy.sizes[0], count)
    if (most := count_down(tolerated, count)) >= first:
        yield warning(
            (*_UPDATE, "maxFailedInstances"),
            f"{most} failed instances are tolerated and the first batch has {first}: the update "
            "goes on even if the whole first batch fails",
        )


def _pauses(job: Job) -> Iterator[Problem]:
    """Pauses after a group that an update of all instances does not have, or has last."""
    strategy, count = (
        resolve(job.spec.update, None, job.spec.instances).strategy,
        job.spec.instances,
    )
    groups = sum(1 for _ in group_sizes(strategy.type, strategy.groups, count))
    for index, pause in enumerate(job.spec.update.strategy.pauses):
        if count and pause.after >= groups:
            yield warning(
                (*_UPDATE, "strategy", "pauses", index, "after"),
                f"an update of all {count} instances has {plural(groups, 'group')}, and there is "
                "no pause after the last one",
            )


def _times(job: Job, containers: list[Object]) -> Iterator[Problem]:
    timeout, path = job.spec.update.ready_timeout_seconds, (*_UPDATE, "readyTimeoutSeconds")
    if timeout == 0:
        yield warning(path, "0 waits for ever: a version that never becomes Ready is no failure")
        return
    for container in containers:
        probe = container.get("readinessProbe")
        delay = probe.get("initialDelaySeconds") if isinstance(probe, dict) else None
        if isinstance(delay, int) and delay >= timeout:
            yield warning(
                path,
                f"{timeout} is not longer than initialDelaySeconds ({delay}) of the "
                f"readinessProbe of {container.get('name')}: hardly any pod can be Ready in time",
            )


def _ports(job: Job, spec: Object, containers: list[Object]) -> Iterator[Problem]:
    if job.spec.update.replacement is not Replacement.SURGE:
        return
    ports = [p for c in containers for p in c.get("ports") or () if isinstance(p, dict)]
    if spec.get("hostNetwork") or any(port.get("hostPort") for port in ports):
        yield warning(
            (*_UPDATE, "replacement"),
            "Surge runs two pods of an instance at a time, and a port of the host is free only "
            "once per node: each new pod needs another node",
        )


def _overwritten(template: Object, containers: list[Object]) -> Iterator[Problem]:
    """What the operator sets itself in each pod."""
    for part in ("labels", "annotations"):
        given = (template.get("metadata") or {}).get(part)
        for key in given if isinstance(given, dict) else ():
            if key.startswith(_OURS):
                path: Path = ("spec", "template", "metadata", part, key)
                yield warning(path, "the operator sets what begins with echelon.dev/; leave it out")
    for index, container in enumerate(containers):
        for at, entry in enumerate(container.get("env") or ()):
            if isinstance(entry, dict) and entry.get("name") == labels.ENV_INSTANCE:
                yield warning(
                    (*_SPEC, "containers", index, "env", at),
                    f"the operator sets {labels.ENV_INSTANCE} in every container; leave it out",
                )
