"""Differences between two templates as lines that a person reads, as in a unified diff."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, Final, Literal

import yaml

from controller.core.revisions.compare import Absent, Difference

#: "-": old, "+": new, " ": the same in both.
Sign = Literal["-", "+", " "]
Line = tuple[Sign, str]

#: A longer value gets lines of its own.
MAX_ON_ONE_LINE: Final = 100
#: Lines around a change, and the characters around a change in a long line.
_AROUND: Final = 2
_NEAR: Final = 40
#: So much of a line is shown.
MAX_LINE: Final = 200


def lines(differences: tuple[Difference, ...]) -> list[Line]:
    """Differences as lines: ("-", "path: old"), ("+", "path: new"). Of values that need several
    lines, those that differ and their neighbours are shown below their path."""
    return [line for each in differences for line in _of(each)]


def _of(each: Difference) -> Iterator[Line]:
    old, new = ("" if isinstance(v, Absent) else text(v) for v in (each.old, each.new))
    if max(len(old), len(new)) <= MAX_ON_ONE_LINE:
        if not isinstance(each.old, Absent):
            yield "-", f"{each.path}: {old}"
        if not isinstance(each.new, Absent):
            yield "+", f"{each.path}: {new}"
    else:
        sign: Sign = "+" if isinstance(each.old, Absent) else " "
        yield "-" if isinstance(each.new, Absent) else sign, f"{each.path}:"
        for mark, line in _of_blocks(_block(each.old), _block(each.new)):
            yield mark, f"  {line}"


def text(value: Any) -> str:
    """A value on one line, as JSON; a string without quotes where that is unmistakable."""
    if isinstance(value, str) and value.strip() == value and not _is_json(value):
        return _printable(value) if value.isprintable() else json.dumps(value)
    return _printable(json.dumps(value, ensure_ascii=False))


def _is_json(text: str) -> bool:
    """Whether the string without quotes would be read as another value, such as 8080 or true."""
    try:
        json.loads(text)
    except ValueError:
        return not text
    return True


def _block(value: Any) -> list[str]:
    """A value as lines: of a string its own, of anything else those of its YAML."""
    if isinstance(value, Absent):
        return []
    if isinstance(value, str):
        return value.split("\n")
    written: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, width=100_000)
    return written.removesuffix("\n").split("\n")


class _Dumper(yaml.SafeDumper):
    """Writes a string of several lines as lines."""


def _represent(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style="|" if "\n" in value else None
    )


_Dumper.add_representer(str, _represent)


def _of_blocks(old: list[str], new: list[str]) -> Iterator[Line]:
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_AROUND):
        for tag, i, j, k, m in group:
            if tag == "equal":
                yield from ((" ", _printable(_cut(line, 0))) for line in old[i:j])
                continue
            start = _common(old[i], new[k]) if j - i == m - k == 1 else 0
            yield from (("-", _printable(_cut(line, start))) for line in old[i:j])
            yield from (("+", _printable(_cut(line, start))) for line in new[k:m])


def _common(one: str, other: str) -> int:
    """How many characters the two begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def _cut(line: str, start: int) -> str:
    """A long line from shortly before its first difference, at most `MAX_LINE` characters."""
    if len(line) <= MAX_LINE:
        return line
    begin = max(0, start - _NEAR)
    head = "… " if begin else ""
    tail = " …" if begin + MAX_LINE < len(line) else ""
    return f"{head}{line[begin : begin + MAX_LINE]}{tail}"


def _printable(line: str) -> str:
    """The line without what would steer a terminal, such as an escape sequence."""
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in line)
