"""YAML and JSON as values of JSON, with the line of each field.

Scalars mean what they mean to kubectl: a date is a string, ``12:30`` is one, too, and a key may not
come twice. Keys that are no strings are written as strings.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

#: The steps to a value: keys, and indexes of lists.
Path = tuple[str | int, ...]
#: A value, and the line of each value in it by path; that of the value itself is at ``()``.
Document = tuple[Any, dict[Path, int]]

_STEP: Final = re.compile(
    r"\[(?P<index>\d+)\]|\[(?P<by>\w+)=(?P<is>[^\]]*)\]|\[\"?(?P<quoted>[^\]\"]*)\"?\]|(?P<key>[^.\[]+)"
)
_TAG: Final = "tag:yaml.org,2002:"
_BOOLS: Final = {
    spelled: word in ("true", "yes", "on")
    for word in ("true", "yes", "on", "false", "no", "off")
    for spelled in (word, word.title(), word.upper())
}
_INT: Final = r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)"
_FLOAT: Final = (
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
#: The type of plain scalars: its pattern, and the characters that they begin with.
_TYPES: Final = {
    "null": ("~|null|Null|NULL|", [*"~nN", ""]),
    "bool": ("|".join(_BOOLS), [*"tTyYoOfFnN"]),
    "int": (_INT, [*"-+0123456789"]),
    "float": (_FLOAT, [*"-+.0123456789"]),
    "merge": ("<<", ["<"]),
}
#: Strings that need quotes. Some readers take y and n for booleans.
_NO_PLAIN_STRING: Final = re.compile("|".join(["[yYnN]", *(each for each, _ in _TYPES.values())]))


class SyntaxFault(Exception):  # noqa: N818 - it is about the file, not about the program
    """What is wrong with a file. ``line``: from 1."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(line, words)
        self.line = line
        self.words = words


class _Loader(yaml.SafeLoader):
    """Resolves plain scalars as kubectl does, without dates and numbers of base 60."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - the base class declares it so


for _name, (_pattern, _first) in _TYPES.items():
    _whole = re.compile(f"^(?:{_pattern})$")
    _Loader.add_implicit_resolver(_TAG + _name, _whole, _first)


class _Dumper(yaml.SafeDumper):
    """Quotes each string that YAML 1.1 or 1.2 would read as something else."""


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "'" if _NO_PLAIN_STRING.fullmatch(text) else None
    return dumper.represent_scalar(f"{_TAG}str", text, style)


_Dumper.add_representer(str, _string)


def dumped(content: Any) -> str:
    """A value of JSON as YAML. ``7215e43``, a commit, stays a string for kubectl."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def documents(text: str) -> Iterator[Document]:
    """The documents of YAML that are not empty. Raises ``SyntaxFault``."""
    try:
        for node in yaml.compose_all(text, _Loader):
            lines: dict[Path, int] = {}
            value = _value(node, (), lines, frozenset())
            if value is not None:
                yield value, lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = ", ".join(part for part in (error.problem, error.context) if part)
        raise SyntaxFault(mark.line + 1 if mark else 1, f"not YAML: {words}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SyntaxFault(line, f"not YAML: {error.reason}") from error


def json_documents(text: str) -> list[Document]:
    """The values of JSON, one after another. Raises ``SyntaxFault``, and
    ``json.JSONDecodeError``."""
    decoder = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
    found: list[Document] = []
    at = len(text) - len(text.lstrip())
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        try:
            value, end = decoder.raw_decode(text, at)
        except _NotJsonError as error:
            raise SyntaxFault(line, str(error)) from error
        found.append((value, _lines_of_json(text[at:end], line)))
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return found


def _lines_of_json(text: str, first: int) -> dict[Path, int]:
    """The lines of one value of JSON. JSON is YAML, but for tabs and a few escapes."""
    try:
        ((_, lines),) = documents("\n" * (first - 1) + text.replace("\t", " "))
    except (SyntaxFault, ValueError):
        return {(): first}
    return lines


def below(lines: Mapping[Path, int], path: Path) -> dict[Path, int]:
    """The part of ``lines`` that concerns the value at ``path``."""
    size = len(path)
    found = {each[size:]: line for each, line in lines.items() if each[:size] == path}
    return {(): lines[()]} | found


def steps(path: str, value: Any = None) -> Path:
    """The steps of a path as the API server writes it: ``spec.ports[0].name``, ``a["b.c"]``,
    ``spec.gates[name="x"]``. For the last kind the ``value`` is needed that the path is in."""
    found: list[str | int] = []
    for match in _STEP.finditer(path):
        step: str | int
        if match["index"] is not None:
            step = int(match["index"])
        elif match["by"] is not None:
            step = _index(value, match["by"], match["is"])
        else:
            step = match["key"] if match["quoted"] is None else match["quoted"]
        found.append(step)
        value = _at(value, step)
    return tuple(found)


def _index(value: Any, key: str, wanted: str) -> int:
    """The index of the item of a list with this value, as JSON, at ``key``; -1 if none has it."""
    items = value if isinstance(value, list) else []
    matches = (isinstance(each, dict) and json.dumps(each.get(key)) == wanted for each in items)
    return next((index for index, found in enumerate(matches) if found), -1)


def _at(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    is_there = isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)
    return value[step] if is_there else None


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], above: frozenset[int]) -> Any:
    line = node.start_mark.line + 1
    # A block begins on the line after its key; people look for the key, which is known already.
    lines.setdefault(path, line)
    if id(node) in above:
        raise SyntaxFault(line, "an anchor holds itself")
    above |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, above)
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, (*path, i), lines, above) for i, each in enumerate(node.value)]
    return _scalar(node)


def _mapping(
    node: yaml.MappingNode, path: Path, lines: dict[Path, int], above: frozenset[int]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise SyntaxFault(line, "a key must be a string")
        if key_node.tag == f"{_TAG}merge":
            merged |= _merged(value_node, path, lines, above)
            continue
        scalar = _scalar(key_node)
        key = scalar if isinstance(scalar, str) else json.dumps(scalar)
        if key in found:
            raise SyntaxFault(line, f"the key {key!r} comes twice")
        lines[(*path, key)] = line
        found[key] = _value(value_node, (*path, key), lines, above)
    return merged | found


def _merged(
    node: yaml.Node, path: Path, lines: dict[Path, int], above: frozenset[int]
) -> dict[str, Any]:
    """What ``<<:`` brings; of several mappings the first that has a key counts."""
    many = node.value if isinstance(node, yaml.SequenceNode) else [node]
    found: dict[str, Any] = {}
    for each in many:
        if not isinstance(each, yaml.MappingNode) or id(each) in above:
            raise SyntaxFault(each.start_mark.line + 1, "<< needs another mapping")
        found = _mapping(each, path, lines, above | {id(each)}) | found
    return found


def _scalar(node: yaml.Node) -> Any:
    text, line = str(node.value), node.start_mark.line + 1
    try:
        match node.tag.removeprefix(_TAG):
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return _BOOLS[text]
            case "int":
                return _integer(text.replace("_", ""))
            case "float" if math.isfinite(number := float(text.replace(".inf", "inf"))):
                return number
    except (ValueError, KeyError):
        pass
    raise SyntaxFault(line, f"{text!r} cannot be written as JSON")


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    is_octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdecimal()
    number = int(digits, 8) if is_octal else int(digits, 0)
    return -number if text.startswith("-") else number


class _NotJsonError(Exception):
    """A value of JSON that kubectl does not take, either."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _NotJsonError(f"the key {key!r} comes twice")
        found[key] = value
    return found


def _no_constant(text: str) -> Any:
    raise _NotJsonError(f"{text} is not JSON")
