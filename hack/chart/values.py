"""Reads values.yaml with its comments.

A key right below a ``# --`` comment is a value, whatever it holds; a mapping without such a comment
is a group of values. So each value is explained where it stands, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

_MARK: Final = "# -- "


class UndocumentedError(Exception):
    """A value without a comment; the message names it."""


@dataclass(frozen=True, slots=True)
class Value:
    """``path`` from the root, as in ``("image", "tag")``."""

    path: tuple[str, ...]
    default: Any
    text: str

    @property
    def name(self) -> str:
        return ".".join(self.path)


def values(text: str) -> list[Value]:
    """All values, in the order of the file. Raises ``UndocumentedError``."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    return list(_walk(root, text.splitlines(), yaml.safe_load(text), ()))


def _walk(
    node: yaml.MappingNode, lines: Sequence[str], data: dict[str, Any], above: tuple[str, ...]
) -> Iterator[Value]:
    for key, child in node.value:
        path, default = (*above, key.value), data[key.value]
        comment = _comment(lines, key.start_mark.line)
        if comment:
            yield Value(path, default, comment)
        elif isinstance(child, yaml.MappingNode) and child.value:
            yield from _walk(child, lines, default, path)
        else:
            raise UndocumentedError(f"{'.'.join(path)} has no `# --` comment in values.yaml")


def _comment(lines: Sequence[str], line: int) -> str:
    """What stands right above a line, from its mark on."""
    said: list[str] = []
    while line > 0 and (text := lines[line - 1].strip()).startswith("# "):
        line -= 1
        if text.startswith(_MARK):
            return " ".join([text.removeprefix(_MARK), *reversed(said)])
        said.append(text.removeprefix("# "))
    return ""
