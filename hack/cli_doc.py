"""``python -m hack.cli_doc`` writes docs/cli.md and its parts from the commands of ``echelon``.

``--check`` only compares: it exits with 0 if all files are up to date, with 1 if one is stale.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from typer.main import get_command

from controller.cli.main import app
from hack.cli_examples import EXAMPLES
from hack.generated import ROOT, written

FOLDER: Final = ROOT / "docs"
#: Flags that nearly all commands have; they are described once.
SHARED: Final = ("--namespace", "--context", "--kubeconfig", "--help")
#: Commands that change something: the API server can refuse that.
WRITES: Final = frozenset(
    [f"job {verb}" for verb in ("create", "delete", "kill", "restart", "retry", "scale")]
    + [f"cron {verb}" for verb in ("resume", "start", "suspend")]
    + [f"update {verb}" for verb in ("abort", "pause", "pulse", "resume", "retry")]
    + [f"update {verb}" for verb in ("rollback", "start")]
    + [f"maintenance {verb}" for verb in ("activate", "deactivate", "drain")]
)
_CODES: Final = re.compile(r"^Exit codes?:? ", re.MULTILINE)
_NOTICE: Final = "<!-- Generated from controller/cli by `make cli-doc`. Do not edit. -->"
_CHECKED_BY: Final = (
    "<!-- sh checked by: tests/unit/cli/test_cli_doc.py; not run: tests/cli runs the commands -->"
)

_INTRO: Final = """\
# Command line

`echelon` shows Jobs and their Updates and steers them. Install it with `pip install '.[cli]'` in a checkout of Echelon. The same program is also installed as a plugin of kubectl, so `kubectl echelon job list` works as well. It finds the cluster as kubectl does: `--kubeconfig`, `KUBECONFIG`, `~/.kube/config`.

Jobs are named as in `kubectl get`: `web` or `ejob/web`. `web/3` and `web/0-3,7` are instances of the Job `web`. Where a command wants an Update, the name of its Job stands for the active Update, or else the newest.

Results are on stdout, everything else on stderr. There is no colour if the output is no terminal or `NO_COLOR` is set.

## Flags of all commands

| flag | meaning |
|---|---|
| `-n`, `--namespace` | the namespace; absent: that of the context |
| `--context` | the context of the kubeconfig; absent: the current one |
| `--kubeconfig` | the path of the kubeconfig |
| `-h`, `--help` | what the command does, and its flags |

## Exit codes

| code | meaning |
|---|---|
| 0 | the wished end: for an Update `RolledForward`, or `RolledBack` if a rollback was asked for |
| 1 | an error; stderr says what to do next. `diff`: there is a difference |
| 2 | wrong usage |
| 3 | the Update ended `RolledBack`, and nobody had asked for that |
| 4 | the Update ended `Failed` or `Error`; a Maintenance needs a person; `maintenance plan`: a node cannot be drained now |
| 5 | the Update ended `Aborted` or `Superseded` |
| 6 | the Update ended `Rejected`, or the API server refused a write |
| 7 | `--timeout` is over |
| 8 | the operator paused the Update, with `--exit-on-pause` |
| 130 | interrupted with Ctrl-C; the Update goes on |

Every command can end with 0, 1, 2 and 130, and one that changes something with 6; the others are named with the command.
"""  # noqa: E501

#: The files: name, title and the commands that begin with this word ("" for those without one).
PARTS: Final = (
    ("cli.md", "", ""),
    ("cli-job.md", "# `echelon job`", "job"),
    ("cli-cron.md", "# `echelon cron`", "cron"),
    ("cli-maintenance.md", "# `echelon maintenance`", "maintenance"),
    ("cli-update.md", "# `echelon update`", "update"),
    ("cli-sla.md", "# `echelon sla`", "sla"),
)


def commands(node: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """All commands by their words, such as ``job list``, in alphabetical order."""
    node = get_command(app) if node is None else node
    below = getattr(node, "commands", None)
    if below is None:
        yield " ".join(words), node.loaded()
        return
    for name in sorted(below):
        if not below[name].hidden:
            yield from commands(below[name], (*words, name))


def rendered() -> dict[Path, str]:
    """The generated text of each file."""
    every = list(commands())
    files = {}
    for name, title, first in PARTS:
        mine = [(words, node) for words, node in every if _group(words) == first]
        lines = [_NOTICE, _CHECKED_BY, title if first else _INTRO.rstrip("\n")]
        if not first:
            lines += ["", "## Commands", "", *_index(every)]
        for words, node in mine:
            lines += ["", *_command(words, node)]
        files[FOLDER / name] = "\n".join(lines) + "\n"
    return files


def _group(words: str) -> str:
    return words.split()[0] if " " in words else ""


def _index(every: Iterable[tuple[str, Any]]) -> Iterator[str]:
    yield "| command | what it does |"
    yield "|---|---|"
    for words, node in every:
        file = next(name for name, _, first in PARTS if first == _group(words))
        target = f"#{words}" if file == PARTS[0][0] else f"{file}#{words.replace(' ', '-')}"
        first = _paragraphs(node)[0].rstrip(".")
        yield f"| [`{words}`]({target}) | {_cell(first[:1].lower() + first[1:])} |"


def _command(words: str, node: Any) -> Iterator[str]:
    context = node.context_class(node, info_name=words)
    arguments = [p for p in node.params if p.param_type_name == "argument"]
    usage = [_plain(piece) for p in arguments for piece in p.get_usage_pieces(context)]
    yield f"## {words}"
    yield ""
    yield f"`{' '.join(['echelon', words, *usage, '[FLAGS]'])}`"
    for paragraph in _paragraphs(node):
        if not _CODES.match(paragraph):
            yield ""
            yield paragraph
    rows = list(_rows(node, context, arguments))
    if rows:
        yield from ("", "| argument or flag | meaning |", "|---|---|", *rows)
    yield from ("", "```sh", *EXAMPLES.get(words, ()), "```", "")
    yield _codes(words, node)


def _rows(node: Any, context: Any, arguments: list[Any]) -> Iterator[str]:
    for each in arguments:
        if each.help:
            name = _named(_plain(" ".join(each.get_usage_pieces(context))))
            yield f"| `{_cell(name)}` | {_cell(each.help)} |"
    for each in node.params:
        if each.param_type_name == "option" and not set(each.opts) & set(SHARED):
            record = each.get_help_record(context)
            if record is not None:
                flag = record[0].replace("list[str]", "str").replace(" range>", ">")
                yield f"| `{_cell(flag)}` | {_cell(record[1])} |"


def _codes(words: str, node: Any) -> str:
    for paragraph in _paragraphs(node):
        if _CODES.match(paragraph):
            return paragraph
    return f"Exit codes: 0, 1, 2{', 6' if words in WRITES else ''}."


def _paragraphs(node: Any) -> list[str]:
    """The help of a command, each paragraph on one line."""
    text = inspect.cleandoc(node.help or "")
    return [" ".join(part.split()) for part in text.split("\n\n")]


def _plain(piece: str) -> str:
    """An argument as a synopsis has it: ``NAME``, ``[NAME]`` or ``NAME…``."""
    return re.sub(r"[{}]", "", piece).replace("...", "…").replace("……", "…")


def _named(usage: str) -> str:
    """An argument without the signs that it may be left out, or repeated. ``NAME[/IDS]`` stays."""
    usage = usage.rstrip("…")
    return usage[1:-1].rstrip("…") if usage.startswith("[") and usage.endswith("]") else usage


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def missing() -> list[str]:
    """Commands without an example, and examples without a command."""
    every = {words for words, _ in commands()}
    return sorted(every ^ set(EXAMPLES))


def main() -> int:
    """Write the files. With ``--check`` only print the stale ones."""
    for words in (lacking := missing()):
        print(f"hack/cli_examples.py and the commands differ: {words}", file=sys.stderr)
    status = written(rendered, "Generate docs/cli*.md from the commands.", "make cli-doc")
    return 1 if lacking else status


if __name__ == "__main__":
    sys.exit(main())
