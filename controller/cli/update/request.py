"""What a person asks of `update start` and `update plan`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from controller.api.ids import Ids
from controller.api.labels import SOURCE
from controller.cli import manifest
from controller.cli.exits import CliError, Exit
from controller.cli.keys import job_key
from controller.cli.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for. ``job``: name; ``file``: the manifest to apply, if one is given."""

    job: str
    file: Manifest | None = None
    instances: Ids | None = None
    revision: str | None = None
    force: bool = False
    paused: bool = False
    force_conflicts: bool = False
    message: str | None = None


def request_of(
    target: str,
    instances: str | None = None,
    revision: str | None = None,
    source: str | None = None,
    **flags: Any,
) -> Request:
    """Read the arguments. ``target``: FILE or JOB[/IDS]. Raises ``CliError``."""
    if manifest.is_file(target):
        if revision is not None:
            raise CliError(
                "--revision goes to a revision that the Job has, FILE brings a new one",
                "name the Job instead of the file",
                Exit.USAGE,
            )
        found = _built_from(manifest.job_in(target), source)
        name, ids = found.name, None
    elif source is not None:
        raise CliError(
            "--source says what the template of FILE was built from",
            f"`kubectl annotate ejob {target} {SOURCE}=…` says it of the present template",
            Exit.USAGE,
        )
    else:
        key = job_key(target)
        found, name, ids = None, key.name, key.instances
    if instances is not None:
        if ids is not None:
            raise CliError("the instances are named twice", "leave --instances out", Exit.USAGE)
        # "0-3", and "web/0-3" as after any other verb.
        key = job_key(instances if "/" in instances else f"{name}/{instances}")
        if key.name != name:
            words = f"--instances names Job {key.name}, not {name}"
            raise CliError(words, code=Exit.USAGE)
        ids = key.instances
    return Request(name, found, ids, revision, **flags)


def _built_from(given: Manifest, source: str | None) -> Manifest:
    """The manifest with the annotation that says what its template was built from."""
    if source is None:
        return given
    metadata = given.obj["metadata"]
    notes = {**(metadata.get("annotations") or {}), SOURCE: source}
    return replace(given, obj={**given.obj, "metadata": {**metadata, "annotations": notes}})


def namespace_of(request: Request, flag: str | None) -> str | None:
    """The namespace to look in; None for that of the context. Raises ``CliError``."""
    own = request.file.namespace if request.file else ""
    if own and flag and own != flag and request.file:
        raise CliError(
            f"{request.file.at('metadata.namespace')}: the Job is for namespace {own}, not {flag}",
            f"leave out -n, or give `-n {own}`",
            Exit.USAGE,
        )
    return flag or own or None
