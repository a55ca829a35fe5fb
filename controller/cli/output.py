"""What commands print: tables as kubectl prints them, or JSON, YAML and names for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from rich.console import Console
from rich.text import Text

from controller.cli import yaml_nodes
from controller.cli.here import placed
from controller.cli.printable import SafeConsole
from controller.escapes import clean, clean_lines

Object = dict[str, Any]
T = TypeVar("T")


#: Characters of a message in a table on a terminal.
MAX_MESSAGE: Final = 80


class Format(StrEnum):
    """How objects are printed; without one, as a table."""

    JSON = "json"
    YAML = "yaml"
    WIDE = "wide"
    NAME = "name"


class Data(StrEnum):
    """How what is no object of the cluster is printed for programs."""

    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column of a table. ``wide``: shown with ``-o wide`` only. ``style``: of rich, by row."""

    title: str
    value: Callable[[T], str]
    wide: bool = False
    style: Callable[[T], str] = lambda _: ""


def console(stderr: bool = False) -> Console:
    """Where people read. NO_COLOR, and an output that is no terminal, take the colour away."""
    return SafeConsole(stderr=stderr, highlight=False, soft_wrap=True, emoji=False, markup=False)


def is_screen(out: Console) -> bool:
    """Whether a picture can be drawn over the last one. FORCE_COLOR makes rich take a pipe for a
    terminal: colours may go into it, movements of the cursor may not."""
    return sys.stdout.isatty() and not out.is_dumb_terminal


def longest_message(*, wide: bool) -> int | None:
    """How many characters of a message a table shows, so that its lines stay readable on a
    terminal. None: all of them, as with ``-o wide``, and into a pipe or a file."""
    return None if wide or not is_screen(console()) else MAX_MESSAGE


def objects(found: Sequence[Object], form: Format, *, many: bool) -> None:
    """Print objects for programs. ``many``: as a List, even if there is one."""
    if form is Format.NAME:
        for each in found:
            print(f"{_kind(each)}/{each['metadata']['name']}")
        return
    items = [_without_managed_fields(each) for each in found]
    whole = {"apiVersion": "v1", "kind": "List", "items": items} if many else items[0]
    dump(whole, form)


def dump(content: Any, form: Format | Data) -> None:
    """Print content as JSON or YAML."""
    if form == Data.JSON:
        print(json.dumps(content, indent=4))
    else:
        print(yaml_nodes.dumped(content), end="")


def table(rows: Iterable[T], columns: Sequence[Column[T]], *, wide: bool = False) -> None:
    """Print a table: columns aligned, three spaces between them, no lines."""
    out = console()
    for line in table_lines(rows, columns, wide=wide):
        out.print(line)


def table_lines(
    rows: Iterable[T], columns: Sequence[Column[T]], *, wide: bool = False
) -> list[Text]:
    """The lines of a table, the titles first."""
    shown = [column for column in columns if wide or not column.wide]
    rows = list(rows)
    cells = [[clean(column.value(row)) or "<none>" for column in shown] for row in rows]
    widths = [
        max(len(column.title), *(len(line[i]) for line in cells), 0)
        for i, column in enumerate(shown)
    ]
    lines = [_line([Text(column.title, "bold") for column in shown], widths)]
    for row, line in zip(rows, cells, strict=True):
        texts = [Text(cell, c.style(row)) for cell, c in zip(line, shown, strict=True)]
        lines.append(_line(texts, widths))
    return lines


def _line(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    """One line; the last cell is not padded."""
    line = Text()
    for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        line.append_text(cell)
        if i < len(cells) - 1:
            line.append(" " * (width + 3 - len(cell)))
    line.rstrip()
    return line


def say(text: str) -> None:
    """Print one line to stdout, at once: also into a pipe, where rich is not needed."""
    print(clean(text), flush=True)


def note(text: str) -> None:
    """Tell a person something that is not the result: on stderr, with its commands `placed`."""
    print(clean_lines(placed(text)), file=sys.stderr)


def _without_managed_fields(obj: Object) -> Object:
    """As kubectl shows it: who owns which field is long, and hardly ever wanted."""
    metadata = {k: v for k, v in obj["metadata"].items() if k != "managedFields"}
    return {**obj, "metadata": metadata}


def _kind(obj: Object) -> str:
    group = str(obj.get("apiVersion", "")).partition("/")[0] if "/" in obj["apiVersion"] else ""
    return f"{obj['kind'].lower()}.{group}" if group else str(obj["kind"]).lower()
