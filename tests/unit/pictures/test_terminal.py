"""Which moments of a terminal make a film, and a shell in a real tmux."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hack.pictures.svg import Moment
from hack.pictures.terminal import LAST, LONGEST, Terminal, film


def test_short_moments_are_left_out_and_long_ones_shortened() -> None:
    noted = [(0.0, ("a",)), (0.1, ("b",)), (0.6, ("c",)), (30.0, ("d",))]
    assert film(noted) == [Moment(("b",), 0.6), Moment(("c",), LONGEST), Moment(("d",), LAST)]


def test_the_last_moment_is_always_seen() -> None:
    assert film([(0.0, ("a",)), (0.01, ("b",))]) == [Moment(("b",), LAST)]
    assert film([(0.0, ("a",))]) == [Moment(("a",), LAST)]


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
def test_what_a_command_shows_is_filmed_and_the_question_answered(tmp_path: Path) -> None:
    with Terminal(tmp_path, tmp_path / "kubeconfig") as terminal:
        (tmp_path / "ask").write_text('read -p "Go on? [y/N] " x; echo "the answer is $x"\n')
        moments = terminal.film("bash ask", lambda text: "the answer is" in text, "y")
    assert moments[0].lines[0] == "$ bash ask"
    assert [line for line in moments[-1].lines if line][-2:] == ["the answer is y", "$"]
    assert any(line.endswith("[y/N] y") for line in moments[-1].lines)
