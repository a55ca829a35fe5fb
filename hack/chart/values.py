"""Reads values.yaml with its comments.

A key with a ``# --`` comment above it is a value, also if it is a mapping. A mapping without such a
comment is a group of values. So each value has its description in one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

_MARK: Final = "# -- "


class UndocumentedError(Exception):
    """A value has no comment. The message names the value."""


@dataclass(frozen=True, slots=True)
class Value:
    """``path`` is the path from the root, such as ``("image", "tag")``; ``text`` the comment."""

    path: tuple[str, ...]
    default: Any
    text: str

    @property
    def name(self) -> str:
        return ".".join(self.path)


def values(text: str) -> list[Value]:
    """All values, in the order of the file. Raises ``UndocumentedError`` if one has no comment."""
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
    """The comment above a line, without its mark. Empty if there is none."""
    words: list[str] = []
    while line > 0 and (text := lines[line - 1].strip()).startswith("# "):
        line -= 1
        if text.startswith(_MARK):
            return " ".join([text.removeprefix(_MARK), *reversed(words)])
        words.append(text.removeprefix("# "))
    return ""
