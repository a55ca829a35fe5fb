"""What programs read of the command line's output."""

from __future__ import annotations

import io

import pytest
import yaml

from controller.cli import output, yaml_nodes

STRINGS = (
    *("7215e43", "1e3", ".5", "1.", "0o17", "0x1f", "0b1", "017", "1_000", "+12", "12:30", "1:2"),
    *("yes", "No", "on", "y", "N", "true", "null", "~", "", "<<", "=", ".inf", "-.INF", ".NaN"),
    *("2024-01-01", "web", "a: b", "- a", "# a", "two\nlines", " a ", "\t", "é", "@x"),
)


@pytest.mark.parametrize("text", STRINGS)
def test_strings_stay_strings(text: str) -> None:
    content = {"label": text, text: [text]}
    written = yaml_nodes.dumped(content)
    ((read, _),) = yaml_nodes.documents(written)
    assert read == content
    assert yaml.safe_load(written) == content


def test_other_values_need_no_quotes() -> None:
    assert yaml_nodes.dumped({"a": "web:1", "i": 3, "b": True, "f": 0.5, "z": None}) == (
        "a: web:1\ni: 3\nb: true\nf: 0.5\nz: null\n"
    )


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_no_picture_goes_into_a_pipe(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert output.console().is_terminal, "colour is what the variable asks for"
    assert not output.is_screen(output.console())
    monkeypatch.setattr("sys.stdout", _Terminal())
    assert output.is_screen(output.console())
    monkeypatch.setenv("TERM", "dumb")
    assert not output.is_screen(output.console())
