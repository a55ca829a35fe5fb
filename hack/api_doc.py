"""``python -m hack.api_doc`` writes docs/reference-*.md: every field of all kinds.

``--check`` only compares: it exits with 0 if all files are up to date, with 1 if one is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from controller.api.crds import job_schema, maintenance_schema, update_schema
from controller.api.rules import JOB, MAINTENANCE, UPDATE, Rules
from controller.api.schema import PRESERVE
from hack.generated import written

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs"
_NOTICE: Final = "<!-- Generated from controller/api by `make api-doc`. Do not edit. -->"
_HEAD: Final = ("| field | type, default, limits | meaning |", "|---|---|---|")
#: In a description the default is the last sentence; in the table it stands beside the type.
_DEFAULT: Final = re.compile(r" Default: .*\.$")
_PERCENT: Final = "number or percentage"

Schema = Mapping[str, Any]

_WORDS: Final = """\
The API server checks types and limits. A field with a default is never absent. Another one may be absent, and its text says what that means, unless it is **required**. `kubectl explain {short}.{part}` shows the same text; [{kind}.md]({kind}.md) explains it by topic."""  # noqa: E501
_LATER: Final = """\
Fields of later versions, which the API server refuses, are [in job.md](job.md#fields-of-later-versions)."""  # noqa: E501


@dataclass
class Document:
    """One file. ``known``: properties that have a section already -> the link to it."""

    name: str
    head: Sequence[str]
    part: str
    schema: Schema
    rules: Rules
    known: dict[str, str]

    def text(self) -> str:
        section = self._section(self.part, self.schema["properties"][self.part])
        return "\n".join([_NOTICE, *self.head, *section]) + "\n"

    def _section(self, path: str, node: Schema) -> Iterator[str]:
        self.known[_key(node)] = f"{self.name}#{_anchor(path)}"
        yield from ("", f"## `{path}`", "")
        if text := _DEFAULT.sub("", node.get("description", "")):
            yield from (_cell(text), "")
        yield from _HEAD
        below = []
        for name, child in node["properties"].items():
            inner, suffix = _inner(child)
            target = ""
            if inner.get("properties") and PRESERVE not in inner:
                here = f"{path}.{name}{suffix}"
                if _key(inner) not in self.known:
                    below.append((here, inner))
                    self.known[_key(inner)] = f"{self.name}#{_anchor(here)}"
                target = self.known[_key(inner)].removeprefix(self.name)
            yield _row(name, child, name in node.get("required", ()), target)
        if found := self.rules.get(path):
            yield from ("", "Rules:", "", *(f"- {rule.message}." for rule in found))
        for here, inner in below:
            yield from self._section(here, inner)


def _row(name: str, node: Schema, required: bool, target: str) -> str:
    kind = f"[{_kind(node)}]({target})" if target else _kind(node)
    about = [kind, "**required**" if required else _default(node), _limits(node)]
    text = _DEFAULT.sub("", node.get("description", ""))
    return f"| `{name}` | {', '.join(filter(None, about))} | {_cell(text)} |"


def _inner(node: Schema) -> tuple[Schema, str]:
    """The object of a property, or of the items of a list; with what the path has for that."""
    return (node["items"], "[]") if node.get("type") == "array" else (node, "")


def _kind(node: Schema) -> str:
    if node.get("x-kubernetes-int-or-string"):
        return _PERCENT
    if node["type"] == "array":
        return f"list of {_plural(_kind(node['items']))}"
    if node["type"] == "object" and "additionalProperties" in node:
        return f"map of {_plural(_kind(node['additionalProperties']))}"
    return {"number": "decimal number"}.get(node["type"], str(node["type"]))


def _plural(kind: str) -> str:
    return "numbers or percentages" if kind == _PERCENT else f"{kind}s"


def _default(node: Schema) -> str:
    value = node.get("default")
    if value in (None, {}):
        return ""
    if value == []:
        return "default: none"
    if isinstance(value, dict):
        return f"default: `{{{', '.join(f'{key}: {each}' for key, each in value.items())}}}`"
    return f"default: `{str(value).lower() if isinstance(value, bool) else value}`"


def _limits(node: Schema) -> str:
    found = []
    if "enum" in node:
        words = [f"`{word}`" for word in node["enum"]]
        found.append(f"one of {' '.join(words)}" if len(words) > 1 else f"only {words[0]}")
    if "minimum" in node or "maximum" in node:
        least, most = node.get("minimum"), node.get("maximum")
        large = most is None or most >= 2**31 - 1
        found.append(f"at least {least:g}" if large else f"{least or 0:g} to {most:g}")
    for low, high, what in (("minLength", "maxLength", "characters"), ("minItems", "maxItems", "")):
        if node.get(low):
            found.append("not empty")
        if high in node:
            found.append(f"at most {node[high]} {what or 'items'}")
    return ", ".join(found)


def _key(node: Schema) -> str:
    """Two objects with the same properties have one section."""
    return repr(
        sorted((name, each.get("description")) for name, each in node["properties"].items())
    )


def _anchor(path: str) -> str:
    return re.sub(r"[^\w-]", "", path.lower())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def rendered() -> dict[Path, str]:
    """The generated text of each file."""
    known: dict[str, str] = {}
    files = {}
    for kind, short, schema, rules in (
        ("job", "ejob", job_schema(), JOB),
        ("update", "eup", update_schema(), UPDATE),
        ("maintenance", "emaint", maintenance_schema(), MAINTENANCE),
    ):
        for part, name in (("spec", kind), ("status", f"{kind}-status")):
            article = "an" if kind == "update" else "a"
            head = [f"# All fields of the {part} of {article} {kind.title()}", ""]
            head += [_WORDS.format(short=short, part=part, kind=kind)]
            head += [_LATER] if name == "job" else []
            document = Document(f"reference-{name}.md", head, part, schema, rules, known)
            files[FOLDER / document.name] = document.text()
    return files


def main() -> int:
    """Write the files. With ``--check`` only print the stale ones."""
    return written(rendered, "Generate docs/reference-*.md from the models.", "make api-doc")


if __name__ == "__main__":
    sys.exit(main())
