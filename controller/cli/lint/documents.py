"""The objects of files, each with the lines of its fields.

A document that cannot be read is a finding, and the others are checked all the same. As kubectl
does, a line that begins with ``---`` ends a document wherever it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from controller.api.job import KIND as JOB
from controller.api.labels import API_VERSION, GROUP
from controller.api.update import KIND as UPDATE
from controller.cli import yaml_nodes
from controller.cli.lint.findings import Finding, Problem, Severity, dotted
from controller.cli.yaml_nodes import Path, SyntaxFault

Object = dict[str, Any]
_SEPARATOR: Final = re.compile(r"^---(?=\s|$)[^\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One object. ``lines``: path of a field -> its line, from 1."""

    file: str
    obj: Object
    lines: dict[Path, int]

    @property
    def kind(self) -> str:
        return str(self.obj.get("kind") or "")

    @property
    def group(self) -> str:
        group, slash, _ = str(self.obj.get("apiVersion") or "").partition("/")
        return group if slash else ""

    @property
    def metadata(self) -> Object:
        found = self.obj.get("metadata")
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        return str(self.metadata.get("name") or "")

    @property
    def namespace(self) -> str:
        """The namespace that the file names; "" if it names none."""
        return str(self.metadata.get("namespace") or "")

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.name}"

    def line(self, path: Path) -> int:
        """The line of a field, or of the nearest one above it that the file has."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def finding(self, problem: Problem) -> Finding:
        line, field = self.line(problem.path), dotted(problem.path)
        return Finding(self.file, line, problem.severity, field, problem.message, self.title)


def read(text: str, file: str) -> tuple[list[Document], list[Finding]]:
    """The objects of a text in the order of the file, and what cannot be read."""
    documents: list[Document] = []
    faults: list[Finding] = []
    for part in _parts(text):
        try:
            for value, lines in _values(part):
                documents += _objects(file, value, lines)
        except SyntaxFault as fault:
            words = fault.words
            if "{{" in "".join(part.splitlines()[fault.line - 1 : fault.line]):
                words += "; render templates first: `helm template … | echelon lint -`"
            faults.append(Finding(file, fault.line, Severity.ERROR, "", words))
        except RecursionError:
            faults.append(Finding(file, 1, Severity.ERROR, "", "it is nested too deeply"))
    return documents, faults


def _parts(text: str) -> Iterator[str]:
    """The documents as texts. Each has as many empty lines before it as there are lines above it,
    so that the lines of its fields are those of the file."""
    text = text.removeprefix("\N{BOM}").replace("\r\n", "\n")
    begin = 0
    for separator in _SEPARATOR.finditer(text):
        yield "\n" * text.count("\n", 0, begin) + text[begin : separator.start()]
        begin = separator.end()
    yield "\n" * text.count("\n", 0, begin) + text[begin:]


def _values(part: str) -> Iterator[yaml_nodes.Document]:
    if part.lstrip().startswith("{"):
        try:
            yield from yaml_nodes.json_documents(part)
            return
        except json.JSONDecodeError as error:
            if re.match(r'\s*\{\s*"', part):
                raise SyntaxFault(error.lineno, f"not JSON: {error.msg}") from error
    yield from yaml_nodes.documents(part)


def _objects(file: str, value: Any, lines: dict[Path, int]) -> Iterator[Document]:
    """One object, or the items of a list of objects."""
    if not isinstance(value, dict):
        raise SyntaxFault(lines[()], "an object is expected, with apiVersion, kind and metadata")
    kind, version, items = (value.get(name) for name in ("kind", "apiVersion", "items"))
    if not version and kind in (JOB, UPDATE):
        raise SyntaxFault(lines[()], f"the {kind} has no apiVersion; write {API_VERSION}")
    if not kind and str(version).startswith(f"{GROUP}/"):
        raise SyntaxFault(lines[()], f"the object has no kind; there are {JOB} and {UPDATE}")
    if str(kind).endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            yield from _objects(file, item, yaml_nodes.below(lines, ("items", index)))
        return
    yield Document(file, value, lines)
