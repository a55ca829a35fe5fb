"""No text of the cluster steers a terminal, whichever command prints it."""

from __future__ import annotations

import io
import sys

import pytest
from rich.text import Text
from rich.tree import Tree

from controller.cli import main, output
from controller.cli.exits import CliError
from controller.cli.logs.reading import Printer
from controller.cli.printable import coloured
from controller.escapes import clean
from controller.kube.log_stream import Line

NASTY = "a\x1b[2J\x1b]0;title\x07b\x9b31mc\x1b]52;c;aGk=\x1b\\d\x08\u202ee"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (NASTY, "abcd  e"),
        ("\x1b[31mpanic\x1b[0m", "panic"),
        ("\x1b(Bx\x1bcy", "xy"),
        ("an end \x1b", "an end "),
        ("\x1b]0;no end", "0;no end"),
        ("two\nlines", "two lines"),
        ("naïve 日本", "naïve 日本"),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[m\tx", "\x1b[1;31mred\x1b[m\tx\x1b[m"),
        ("\x1b[38:5:1mred", "\x1b[38:5:1mred\x1b[m"),
        ("over\r\x1b[2Kwritten", "over written"),
        ("plain", "plain"),
    ],
)
def test_a_line_of_a_log_keeps_its_colours_alone(text: str, shown: str) -> None:
    assert coloured(text) == shown


def test_a_forgetful_caller_prints_nothing_that_steers(capsys: pytest.CaptureFixture[str]) -> None:
    tree = Tree(Text("image \x1b[2Jx\nsecond line"))
    tree.add(Text(f"reason {NASTY}", "red"))
    output.console().print(tree, soft_wrap=False)
    output.console().print(Text(NASTY))
    output.say(NASTY)
    output.note(f"{NASTY}\nnext")
    out, err = capsys.readouterr()
    assert "second line" in out
    assert err.endswith("e\nnext\n")
    assert not [letter for letter in out + err if not letter.isprintable() and letter != "\n"]


def test_an_error_prints_nothing_that_steers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise CliError(f"refused: {NASTY}", f"look at {NASTY}")

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit):
        main.main()
    said = capsys.readouterr().err
    assert said.splitlines()[0].startswith("error: refused: a")
    assert not [letter for letter in said if not letter.isprintable() and letter != "\n"]


class _Out(io.TextIOWrapper):
    def __init__(self, *, is_terminal: bool) -> None:
        self.bytes = io.BytesIO()
        self._is_terminal = is_terminal
        super().__init__(self.bytes, encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize(
    ("is_terminal", "shown"),
    [
        (True, b"[web/0] \x1b[31mred\x1b[mx\x1b[m\n"),
        (False, b"[web/0] \x1b[31mred\x1b[m\x1b[2Jx\n"),
    ],
)
def test_a_log_steers_no_terminal_and_is_whole_in_a_file(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, shown: bytes
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = _Out(is_terminal=is_terminal)
    monkeypatch.setattr(sys, "stdout", out)
    Printer("web").line(0, "web-0", Line(None, b"\x1b[31mred\x1b[m\x1b[2Jx"))
    assert out.bytes.getvalue() == shown
