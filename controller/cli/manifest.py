"""Reads manifests as kubectl does, YAML or JSON, and remembers the line of each field.

A file may have many documents. Those that are no object of Kubernetes are refused, with the line.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from controller.api.job import KIND
from controller.api.labels import GROUP
from controller.cli import yaml_nodes
from controller.cli.exits import CliError, Exit
from controller.cli.keys import check_name

Object = dict[str, Any]
STDIN: Final = "-"
#: What only the API server writes; a file may have it because it was read from the API server.
_SERVERS: Final = (
    *("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"),
    *("deletionTimestamp", "deletionGracePeriodSeconds"),
)
#: kubectl keeps the former manifest here.
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_ENDINGS: Final = (".yaml", ".yml", ".json")
#: A Job, perhaps with its kind before and instances behind it.
_JOB: Final = re.compile(r"((ejob|echelonjobs?(\.echelon\.dev)?)/)?[a-z0-9-]+(/[0-9,-]*)?")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object of a file. ``source``: the name of the file, as messages say it. ``line``: where
    the object begins, from 1; ``lines``: where each of its fields stands, by path."""

    obj: Object
    source: str
    line: int = 1
    lines: Mapping[yaml_nodes.Path, int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return str(self.obj.get("kind", ""))

    @property
    def name(self) -> str:
        return str(self.obj["metadata"].get("name") or "")

    @property
    def namespace(self) -> str:
        """The namespace that the file names; "" if it names none."""
        return str(self.obj["metadata"].get("namespace") or "")

    @property
    def is_job(self) -> bool:
        group = str(self.obj.get("apiVersion", "")).partition("/")[0]
        return group == GROUP and self.kind == KIND

    def at(self, path: str = "") -> str:
        """``file:line`` of a field; of the nearest one above it if the file does not have it.
        ``path``: as the API server writes it, such as ``spec.template.spec.containers[0].image``.
        """
        steps = yaml_nodes.steps(path, self.obj)
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return f"{self.source}:{self.lines.get(steps, self.line)}"

    def wish(self) -> Object:
        """The object without what only the API server and kubectl write."""
        metadata = {k: v for k, v in self.obj["metadata"].items() if k not in _SERVERS}
        if isinstance(notes := metadata.get("annotations"), dict):
            metadata["annotations"] = {k: v for k, v in notes.items() if k != _LAST_APPLIED}
        rest = {k: v for k, v in self.obj.items() if k != "status"}
        return rest | {"metadata": metadata}


def is_file(text: str) -> bool:
    """Whether an argument names a file and not a Job. ``./web`` is a file, ``web`` never is."""
    if text == STDIN or text.endswith(_ENDINGS):
        return True
    return not _JOB.fullmatch(text)


def read(path: str) -> list[Manifest]:
    """The objects of a file (``-``: of stdin), a ``List`` taken apart. Raises ``CliError``."""
    source = "stdin" if path == STDIN else path
    text = _text(path, source)
    try:
        found = list(_documents(text, source))
    except yaml_nodes.SyntaxFault as fault:
        raise CliError(f"{source}:{fault.line}: {fault.words}", code=Exit.USAGE) from fault
    if not found:
        raise CliError(f"{source} holds no object", "give a file with an EchelonJob", Exit.USAGE)
    return found


def job_in(path: str) -> Manifest:
    """The one EchelonJob of a file. Other kinds beside it are left out. Raises ``CliError``."""
    found = read(path)
    jobs = [each for each in found if each.is_job]
    if len(jobs) == 1:
        return _checked(jobs[0])
    if jobs:
        named = ", ".join(f"{each.name} (line {each.line})" for each in jobs)
        raise CliError(
            f"{jobs[0].source} holds {len(jobs)} Jobs: {named}",
            "give one of them, for example with `yq` and `-` for stdin",
            Exit.USAGE,
        )
    kinds = ", ".join(dict.fromkeys(f"{each.kind} (line {each.line})" for each in found))
    hint = ""
    if any(each.kind == "Job" for each in found):
        hint = f"Echelon's kind is {KIND}, of apiVersion {GROUP}/v1alpha1; Job is batch/v1's"
    raise CliError(f"{found[0].source} holds no EchelonJob; it holds {kinds}", hint, Exit.USAGE)


def _checked(job: Manifest) -> Manifest:
    if not job.name:
        raise CliError(f"{job.at('metadata')}: the Job has no metadata.name", code=Exit.USAGE)
    try:
        check_name(job.name, "a Job")
    except CliError as error:
        error.message = f"{job.at('metadata.name')}: {error.message}"
        raise
    if not isinstance(job.obj.get("spec"), dict):
        raise CliError(f"{job.at()}: the Job has no spec", code=Exit.USAGE)
    return job


def _text(path: str, source: str) -> str:
    try:
        if path == STDIN:
            if sys.stdin.isatty():
                print("reading a manifest from the terminal; Ctrl-D ends it", file=sys.stderr)
            return sys.stdin.read()
        return Path(path).read_text(encoding="utf-8-sig")
    except IsADirectoryError as error:
        raise CliError(f"{source} is a folder", "name a file", Exit.USAGE) from error
    except UnicodeDecodeError as error:
        raise CliError(f"{source} is not UTF-8 text: {error}", code=Exit.USAGE) from error
    except OSError as error:
        hint = "name a file, - for stdin, or a Job"
        if not path.endswith(_ENDINGS):
            hint = "a Job's name has only a-z, 0-9 and '-'"
        raise CliError(f"{source}: {error.strerror}", hint, Exit.USAGE) from error


def _documents(text: str, source: str) -> Iterator[Manifest]:
    for value, lines in _values(text):
        yield from _objects(Manifest({}, source, lines[()], lines), value)


def _values(text: str) -> Iterator[yaml_nodes.Document]:
    """The documents. Objects of JSON may follow each other without a separator."""
    if text.lstrip().startswith(("{", "[")):
        try:
            yield from yaml_nodes.json_documents(text)
            return
        except json.JSONDecodeError as error:
            # A mapping of YAML may begin with a brace, too, but hardly with a quoted key.
            if re.match(r'\s*\{\s*"', text):
                raise yaml_nodes.SyntaxFault(error.lineno, f"not JSON: {error.msg}") from error
    yield from yaml_nodes.documents(text)


def _objects(frame: Manifest, value: Any) -> Iterator[Manifest]:
    """The objects of one document. ``frame`` has its source and lines."""
    if not isinstance(value, dict):
        raise yaml_nodes.SyntaxFault(
            frame.line, f"an object is expected, with apiVersion, kind and metadata, not {value!r}"
        )
    for name in ("apiVersion", "kind"):
        if not isinstance(value.get(name), str) or not value[name]:
            raise yaml_nodes.SyntaxFault(frame.line, f"the object has no {name}")
    items = value.get("items")
    if value["kind"].endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            below = yaml_nodes.below(frame.lines, ("items", index))
            yield from _objects(Manifest({}, frame.source, below[()], below), item)
        return
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        raise yaml_nodes.SyntaxFault(frame.line, f"the {value['kind']} has no metadata")
    yield Manifest(value, frame.source, frame.line, frame.lines)
