"""A question is answered by a person, or not needed."""

from __future__ import annotations

import io

import pytest

from controller.cli.asking import confirm
from controller.cli.exits import CliError, Exit


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Interrupted(Terminal):
    def readline(self, _: int = -1) -> str:  # type: ignore[override]
        raise KeyboardInterrupt


@pytest.mark.parametrize("answer", ["y\n", "Yes\n", " y "])
def test_yes(
    answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    confirm("Really?", yes=False)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "Really? [y/N] ")


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "ja\n"])
def test_anything_else_is_no(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    with pytest.raises(CliError, match="nothing was changed"):
        confirm("Really?", yes=False)


def test_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(CliError) as caught:
        confirm("Really?", yes=False)
    assert caught.value.code is Exit.USAGE
    confirm("Really?", yes=True)


def test_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Interrupted())
    with pytest.raises(CliError) as caught:
        confirm("Really?", yes=False)
    assert caught.value.code is Exit.INTERRUPTED
