"""`hack.cli_doc`: each command is in docs/cli.md, cli-cron.md, cli-job.md, cli-maintenance.md,
cli-sla.md or cli-update.md, each with an example that parses. So do the commands in README.md, and
those within the text of all documents."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from hack import cli_doc
from hack.cli_examples import EXAMPLES

COMMANDS = dict(cli_doc.commands())
ROOT = cli_doc.FOLDER.parent
README = (ROOT / "README.md").read_text()
#: Names of commands and of groups of commands, which a text may mention without arguments.
NAMES = {name for words in COMMANDS for name in (words, words.split()[0])}
_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def within_texts() -> Iterator[str]:
    """The commands within the texts of all documents but the generated ones, which have a synopsis
    of each command."""
    generated = set(cli_doc.rendered())
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        if path not in generated:
            text = _BLOCK.sub("", path.read_text())
            for said in re.findall(r"`(?:kubectl )?echelon ([^`\n]+)`", text):
                if said not in NAMES:
                    yield f"echelon {said}"


LINES = [line for lines in EXAMPLES.values() for line in lines]
LINES += re.findall(r"^echelon .*$", README, re.MULTILINE)
LINES += sorted(set(within_texts()))


def calls(line: str) -> Iterator[list[str]]:
    """The calls of ``echelon`` in a line of a shell, without its name."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|<>()")
    lexer.whitespace_split = True
    words = list(lexer)
    for at, word in enumerate(words):
        if word == "echelon":
            rest = words[at + 1 :]
            end = next((i for i, each in enumerate(rest) if set(each) <= set("|<>()")), len(rest))
            yield rest[:end]


def test_every_command_has_an_example() -> None:
    assert cli_doc.missing() == []


@pytest.mark.parametrize("line", LINES)
def test_an_example_parses(line: str) -> None:
    found = list(calls(line))
    assert found
    for words in found:
        name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
        command: Any = COMMANDS[name]
        # Raises if an argument is missing or a flag is unknown.
        command.make_context(name, words[len(name.split()) :])


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_says_what_it_and_its_flags_do(words: str) -> None:
    command: Any = COMMANDS[words]
    assert command.help, words
    for each in command.params:
        if each.param_type_name == "option":
            assert each.help, f"{words} {each.opts}"


def test_the_documents_are_as_generated() -> None:
    for path, text in cli_doc.rendered().items():
        assert path.read_text() == text, f"{path.name} is stale: run `make cli-doc`"


def test_flags_that_all_commands_have_are_described_once() -> None:
    whole = cli_doc.rendered()
    parts = [text for path, text in whole.items() if path.name != "cli.md"]
    assert not any("| `--kubeconfig" in text for text in parts)
    assert sum(text.count("| `--kubeconfig` |") for text in whole.values()) == 1


def test_exit_codes_that_a_command_names_are_shown() -> None:
    text = next(t for p, t in cli_doc.rendered().items() if p.name == "cli-update.md")
    start = text.partition("## update start")[2]
    assert "Exit codes: 0 " in start
    assert "8 paused by the operator" in start


#: A flag, and the exit codes that a command with this flag can end with.
CODES = {"wait": "47", "watch": "345678", "timeout": "7", "exit_on_pause": "8"}


@pytest.mark.parametrize("words", COMMANDS)
def test_exit_codes_of_flags_are_named(words: str) -> None:
    command: Any = COMMANDS[words]
    flags = {each.name for each in command.params} & set(CODES)
    # There --wait ends only when all is gone.
    if words in ("job delete", "job kill", "maintenance activate"):
        flags -= {"wait"}
    codes = cli_doc._codes(words, command)
    for code in {code for flag in flags for code in CODES[flag]}:
        assert re.search(rf"\b{code} [a-z]", codes), f"{words}: {code} is not in {codes!r}"


def test_arguments_are_named_as_in_the_synopsis() -> None:
    texts = "".join(cli_doc.rendered().values())
    assert "| `NAME[/IDS]` |" in texts
    assert "| `FILE\\|JOB[/IDS]` |" in texts
    assert "| `JOB` | Only its Updates. |" in texts
    for cell in re.findall(r"^\| `([^`-][^`]*)` \|", texts, re.MULTILINE):
        assert cell.count("[") == cell.count("]"), cell
